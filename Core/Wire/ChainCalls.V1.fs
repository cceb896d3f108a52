namespace Nitro.Wire

open System
open Nitro.Kernel
open Nitro.Protocol

/// Calldata and logs of NitroAdjudicator, its apps and ERC-20 tokens.
module internal ChainV1 =
    let private word = Abi.Word

    let private selectors =
        ChainNamesV1.functions |> List.map (fun name -> name, ChainNamesV1.selector name) |> Map.ofList

    /// `size`: bytes behind the selector. Offsets count from there, too, so bodies take `origin` as their start.
    let private call (name: string) (size: int) (body: AbiWriter -> unit) : byte[] =
        let writer = AbiWriter(4 + size)
        writer.Raw(ReadOnlySpan selectors[name])
        body writer
        writer.Buffer

    [<Literal>]
    let private Origin = 4

    /// With value = amount for the native coin. Refused unless the contract holds exactly `expectedHeld`.
    let deposit (asset: Address) (ChannelId channel) (expectedHeld: Amount) (amount: Amount) : byte[] =
        call ChainNamesV1.deposit (4 * word) (fun writer ->
            writer.Address asset
            writer.Bytes32 channel
            writer.Amount expectedHeld
            writer.Amount amount)

    let private concluding name (fixedPart: FixedPart) (candidate: SignedPart) =
        call name (2 * word + ChainPartsV1.fixedSize fixedPart + ChainPartsV1.signedSize candidate) (fun writer ->
            let offsets = writer.Reserve 2
            writer.Here(offsets, Origin)
            ChainPartsV1.writeFixed writer fixedPart
            writer.Here(offsets + word, Origin)
            ChainPartsV1.writeSigned writer candidate)

    /// Ends a channel with a final state that all signed.
    let conclude fixedPart candidate : byte[] = concluding ChainNamesV1.conclude fixedPart candidate

    /// As `conclude`, and pays everything out.
    let concludeAndTransferAllAssets fixedPart candidate : byte[] =
        concluding ChainNamesV1.concludeAndTransferAllAssets fixedPart candidate

    /// Fixed part, proof, candidate, and `tail` words of fixed size behind their offsets.
    let private supporting name size write fixedPart (proof: 'P list) (candidate: 'P) tailWords (tail: AbiWriter -> unit) =
        let total =
            (3 + tailWords) * word
            + ChainPartsV1.fixedSize fixedPart
            + ChainPartsV1.listSize size proof
            + size candidate

        call name total (fun writer ->
            let offsets = writer.Reserve 3
            tail writer
            writer.Here(offsets, Origin)
            ChainPartsV1.writeFixed writer fixedPart
            writer.Here(offsets + word, Origin)
            ChainPartsV1.writeList write writer proof
            writer.Here(offsets + 2 * word, Origin)
            write writer candidate)

    let private signedCall name fixedPart (proof: SignedPart list) (candidate: SignedPart) =
        supporting name ChainPartsV1.signedSize ChainPartsV1.writeSigned fixedPart proof candidate

    /// The challenger signs State.challengeHash of the candidate.
    let challenge fixedPart (proof: SignedPart list) (candidate: SignedPart) (challenger: Signature) : byte[] =
        signedCall ChainNamesV1.challenge fixedPart proof candidate 3 (fun writer ->
            ChainPartsV1.writeSignature writer challenger)

    /// Answers a challenge with a newer state.
    let checkpoint fixedPart (proof: SignedPart list) (candidate: SignedPart) : byte[] =
        signedCall ChainNamesV1.checkpoint fixedPart proof candidate 0 ignore

    /// A view of the adjudicator; its answer is (bool, string).
    let stateIsSupported fixedPart (proof: SignedPart list) (candidate: SignedPart) : byte[] =
        signedCall ChainNamesV1.stateIsSupported fixedPart proof candidate 0 ignore

    /// The same question to an app contract.
    let appStateIsSupported fixedPart (proof: RecoveredPart list) (candidate: RecoveredPart) : byte[] =
        supporting
            ChainNamesV1.appStateIsSupported
            ChainPartsV1.recoveredSize
            ChainPartsV1.writeRecovered
            fixedPart
            proof
            candidate
            0
            ignore

    /// Pays a finalized channel out. `stateHash`: that of the challenge, zero after a conclude.
    let transferAllAssets (ChannelId channel) (outcome: Outcome) (stateHash: Bytes32) : byte[] =
        call ChainNamesV1.transferAllAssets (3 * word + Outcome.encodedSize outcome) (fun writer ->
            writer.Bytes32 channel
            let offset = writer.Reserve 1
            writer.Bytes32 stateHash
            writer.Here(offset, Origin)
            Outcome.write writer outcome)

    /// Pays out one asset to the allocations at `indices`, strictly increasing; all if there are none. Negative numbers are taken as 0.
    let transfer (assetIndex: int) (ChannelId channel) (outcome: byte[]) (stateHash: Bytes32) (indices: int list) : byte[] =
        let size = 5 * word + Abi.bytesSize outcome.Length + word * (1 + indices.Length)

        call ChainNamesV1.transfer size (fun writer ->
            writer.UInt64(uint64 (max 0 assetIndex))
            writer.Bytes32 channel
            let outcomeOffset = writer.Reserve 1
            writer.Bytes32 stateHash
            let indicesOffset = writer.Reserve 1
            writer.Here(outcomeOffset, Origin)
            writer.Bytes outcome
            writer.Here(indicesOffset, Origin)
            writer.UInt64(uint64 indices.Length)

            for index in indices do
                writer.UInt64(uint64 (max 0 index)))

    let reclaim (arguments: ReclaimArguments) : byte[] =
        let size =
            9 * word
            + Abi.bytesSize arguments.SourceOutcome.Length
            + Abi.bytesSize arguments.TargetOutcome.Length

        call ChainNamesV1.reclaim size (fun writer ->
            let offset = writer.Reserve 1
            writer.Here(offset, Origin)
            let origin = writer.Position
            writer.Bytes32 arguments.Source.Value
            writer.Bytes32 arguments.SourceStateHash
            let source = writer.Reserve 1
            writer.UInt64(uint64 (max 0 arguments.SourceAssetIndex))
            writer.UInt64(uint64 (max 0 arguments.GuaranteeIndex))
            writer.Bytes32 arguments.TargetStateHash
            let target = writer.Reserve 1
            writer.UInt64(uint64 (max 0 arguments.TargetAssetIndex))
            writer.Here(source, origin)
            writer.Bytes arguments.SourceOutcome
            writer.Here(target, origin)
            writer.Bytes arguments.TargetOutcome)

    /// A view; answers an amount.
    let holdings (asset: Address) (ChannelId channel) : byte[] =
        call ChainNamesV1.holdings (2 * word) (fun writer ->
            writer.Address asset
            writer.Bytes32 channel)

    /// A view; answers a status word.
    let statusOf (ChannelId channel) : byte[] =
        call ChainNamesV1.statusOf word (fun writer -> writer.Bytes32 channel)

    /// A view; answers turn record, time and fingerprint, a word each.
    let unpackStatus (ChannelId channel) : byte[] =
        call ChainNamesV1.unpackStatus word (fun writer -> writer.Bytes32 channel)

    /// ERC-20.
    let approve (spender: Address) (amount: Amount) : byte[] =
        call ChainNamesV1.approve (2 * word) (fun writer ->
            writer.Address spender
            writer.Amount amount)

    /// The answer of `holdings`.
    let tryHoldings (answer: byte[]) : Amount voption =
        if answer.Length = word then ValueSome(Amount.ofSpan (ReadOnlySpan answer)) else ValueNone

    /// The answer of `statusOf`.
    let tryStatus (answer: byte[]) : StatusWord voption =
        Bytes32.tryOfArray answer |> ValueOption.map ContractRules.unpackStatus

    /// Reads all of `bytes`, or nothing.
    let private whole (bytes: ReadOnlyMemory<byte>) (read: AbiReader -> 'T) : 'T voption =
        let reader = AbiReader bytes
        let found = read reader
        if reader.Complete then ValueSome found else ValueNone

    /// The outcome that a call paid out: an AllocationUpdated names an asset only by its index in there. Anyone may make such calls,
    /// with any bytes the contract takes; those not in the usual order give nothing, and the asset must be known otherwise.
    let tryOutcomeOfCall (calldata: byte[]) : Outcome voption =
        let arguments = if calldata.Length < 4 then ReadOnlyMemory.Empty else ReadOnlyMemory(calldata, 4, calldata.Length - 4)

        let isCallOf name = calldata.AsSpan().StartsWith(ReadOnlySpan selectors[name])

        if isCallOf ChainNamesV1.concludeAndTransferAllAssets then
            whole arguments (fun reader ->
                let offsets = reader.Skip 2
                reader.Expect(offsets, 0)
                ChainPartsV1.readFixed reader |> ignore
                reader.Expect(offsets + word, 0)
                (ChainPartsV1.readSigned reader).Part.Outcome)
        elif isCallOf ChainNamesV1.transferAllAssets then
            whole arguments (fun reader ->
                reader.Bytes32() |> ignore
                let offset = reader.Skip 1
                reader.Bytes32() |> ignore
                reader.Expect(offset, 0)
                Outcome.read reader)
        elif isCallOf ChainNamesV1.transfer then
            whole arguments (fun reader ->
                let offsets = reader.Skip 5
                reader.Expect(offsets + 2 * word, 0)
                let outcome = reader.Bytes()
                reader.Expect(offsets + 4 * word, 0)
                reader.Row(reader.Count word, _.Bytes32()) |> ignore
                outcome)
            |> ValueOption.bind Outcome.tryDecode
        else
            ValueNone

    let private readIndex (reader: AbiReader) = int (reader.UInt64(uint64 Int32.MaxValue))

    let private readers: Map<Bytes32, ChannelId -> AbiReader -> ChainEvent> =
        [ ChainNamesV1.deposited,
          fun channel (reader: AbiReader) ->
              let asset = reader.Address()
              Deposited(channel, asset, reader.Amount())

          ChainNamesV1.allocationUpdated,
          fun channel reader ->
              let index = readIndex reader
              let before = reader.Amount()
              AllocationUpdated(channel, index, before, reader.Amount())

          ChainNamesV1.concluded, fun channel reader -> Concluded(channel, reader.UInt48())

          ChainNamesV1.challengeRegistered,
          fun channel reader ->
              let finalizesAt = reader.UInt48()
              let offsets = reader.Skip 2
              reader.Expect(offsets, 0)
              let proof = ChainPartsV1.readSignedList reader
              reader.Expect(offsets + word, 0)
              ChallengeRegistered(channel, finalizesAt, proof, ChainPartsV1.readSigned reader)

          ChainNamesV1.challengeCleared, fun channel reader -> ChallengeCleared(channel, reader.UInt48())
          ChainNamesV1.checkpointed, fun channel reader -> Checkpointed(channel, reader.UInt48())
          ChainNamesV1.reclaimed, fun channel reader -> Reclaimed(channel, readIndex reader) ]
        |> List.map (fun (name, read) -> ChainNamesV1.topic name, read)
        |> Map.ofList

    /// Topic 0 of every event that `tryEvent` knows: what to ask the chain for.
    let topics: Bytes32 list = readers |> Map.toList |> List.map fst

    /// A log of the adjudicator; nothing for other events and for data that the contract could not have written.
    let tryEvent (logTopics: Bytes32 list) (data: ReadOnlyMemory<byte>) : ChainEvent voption =
        match logTopics with
        | [ name; channel ] ->
            match Map.tryFind name readers with
            | Some read -> whole data (read (ChannelId channel))
            | None -> ValueNone
        | _ -> ValueNone
