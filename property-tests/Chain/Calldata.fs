namespace Nitro.PropertyTests.Chain

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Simulation
open Nitro.Secp256k1

/// The curve that the chain itself uses.
module internal RealCurve =
    let addressOf (key: byte[]) : Address =
        let address = Array.zeroCreate<byte> 20
        if not (Curve.Default.TryGetAddress(ReadOnlySpan key, Span address)) then invalidArg (nameof key) "not on the curve"
        Address.ofSpan (ReadOnlySpan address)

    let sign (key: byte[]) (hash: Bytes32) : Signature =
        let signature = Array.zeroCreate<byte> 65
        let digest = (Digest.personal hash).ToArray()

        if not (Curve.Default.TrySign(ReadOnlySpan digest, ReadOnlySpan key, Span signature)) then
            invalidArg (nameof key) "cannot sign"

        match Signature.tryOfSpan (ReadOnlySpan signature) with
        | ValueSome found -> found
        | ValueNone -> invalidOp "65 bytes are a signature"

    let recover =
        Recover(fun digest signature ->
            let address = Array.zeroCreate<byte> 20
            let hash, bytes = digest.ToArray(), signature.ToArray()

            if Curve.Default.TryRecoverAddress(ReadOnlySpan hash, ReadOnlySpan bytes, Span address) then
                ValueSome(Address.ofSpan (ReadOnlySpan address))
            else
                ValueNone)

/// What can be sent to the real contracts and asked of the model alike.
type internal Request =
    | Transaction of Call
    /// The adjudicator's view `stateIsSupported`.
    | Question of FixedPart * proof: SignedPart list * candidate: SignedPart

/// Requests as the bytes that go to the real contracts, both ways.
module internal Calldata =
    let private word = Abi.Word
    let private tokenTransfer = "transfer(address,uint256)"

    let private tokenTransferData (recipient: Address) (amount: Amount) =
        let writer = AbiWriter(4 + 2 * word)
        writer.Raw(ReadOnlySpan(ChainNamesV1.selector tokenTransfer))
        writer.Address recipient
        writer.Amount amount
        writer.Buffer

    /// Contract, value and data.
    let ofCall (deployed: Deployed) (call: Call) : struct (Address * Amount * byte[]) =
        let toAdjudicator data = struct (deployed.Adjudicator, Amount.zero, data)

        match call with
        | Call.Deposit(asset, channel, held, amount) ->
            struct (deployed.Adjudicator, (if asset = Address.zero then amount else Amount.zero), ChainV1.deposit asset channel held amount)
        | Call.Conclude(fixedPart, candidate) -> toAdjudicator (ChainV1.conclude fixedPart candidate)
        | Call.ConcludeAndTransferAllAssets(fixedPart, candidate) ->
            toAdjudicator (ChainV1.concludeAndTransferAllAssets fixedPart candidate)
        | Call.Challenge(fixedPart, proof, candidate, challenger) ->
            toAdjudicator (ChainV1.challenge fixedPart proof candidate challenger)
        | Call.Checkpoint(fixedPart, proof, candidate) -> toAdjudicator (ChainV1.checkpoint fixedPart proof candidate)
        | Call.TransferAllAssets(channel, outcome, stateHash) -> toAdjudicator (ChainV1.transferAllAssets channel outcome stateHash)
        | Call.Transfer(index, channel, outcome, stateHash, indices) ->
            toAdjudicator (ChainV1.transfer index channel outcome stateHash indices)
        | Call.Reclaim arguments -> toAdjudicator (ChainV1.reclaim arguments)
        | Call.Approve(token, amount) -> struct (token, Amount.zero, ChainV1.approve deployed.Adjudicator amount)
        | Call.TokenTransfer(token, recipient, amount) -> struct (token, Amount.zero, tokenTransferData recipient amount)

    let private readIndex (reader: AbiReader) = int (reader.UInt64(uint64 Int32.MaxValue))

    let private readSignature (reader: AbiReader) : Signature =
        let v = reader.UInt8()
        let r = reader.Bytes32()
        { R = r; S = reader.Bytes32(); V = v }

    let private readConclusion (reader: AbiReader) =
        let offsets = reader.Skip 2
        reader.Expect(offsets, 0)
        let fixedPart = ChainPartsV1.readFixed reader
        reader.Expect(offsets + word, 0)
        fixedPart, ChainPartsV1.readSigned reader

    /// `tail` is read behind the three offsets.
    let private readSupport (tail: AbiReader -> 'T) (reader: AbiReader) =
        let offsets = reader.Skip 3
        let extra = tail reader
        reader.Expect(offsets, 0)
        let fixedPart = ChainPartsV1.readFixed reader
        reader.Expect(offsets + word, 0)
        let proof = ChainPartsV1.readSignedList reader
        reader.Expect(offsets + 2 * word, 0)
        fixedPart, proof, ChainPartsV1.readSigned reader, extra

    let private readTransfer (reader: AbiReader) =
        let index = readIndex reader
        let channel = ChannelId(reader.Bytes32())
        let outcomeAt = reader.Skip 1
        let stateHash = reader.Bytes32()
        let indicesAt = reader.Skip 1
        reader.Expect(outcomeAt, 0)
        let outcome = reader.Bytes()
        reader.Expect(indicesAt, 0)
        Call.Transfer(index, channel, outcome, stateHash, reader.Row(reader.Count word, readIndex))

    let private readReclaim (reader: AbiReader) =
        let offset = reader.Skip 1
        reader.Expect(offset, 0)
        let origin = reader.Position
        let source = ChannelId(reader.Bytes32())
        let sourceStateHash = reader.Bytes32()
        let sourceAt = reader.Skip 1
        let sourceAsset = readIndex reader
        let guarantee = readIndex reader
        let targetStateHash = reader.Bytes32()
        let targetAt = reader.Skip 1
        let targetAsset = readIndex reader
        reader.Expect(sourceAt, origin)
        let sourceOutcome = reader.Bytes()
        reader.Expect(targetAt, origin)

        Call.Reclaim
            { Source = source
              SourceStateHash = sourceStateHash
              SourceOutcome = sourceOutcome
              SourceAssetIndex = sourceAsset
              GuaranteeIndex = guarantee
              TargetStateHash = targetStateHash
              TargetOutcome = reader.Bytes()
              TargetAssetIndex = targetAsset }

    let private readers (contract: Address) : (string * (AbiReader -> Request)) list =
        [ ChainNamesV1.deposit,
          fun reader ->
              let asset = reader.Address()
              let channel = ChannelId(reader.Bytes32())
              let held = reader.Amount()
              Transaction(Call.Deposit(asset, channel, held, reader.Amount()))
          ChainNamesV1.conclude, readConclusion >> Call.Conclude >> Transaction
          ChainNamesV1.concludeAndTransferAllAssets, readConclusion >> Call.ConcludeAndTransferAllAssets >> Transaction
          ChainNamesV1.challenge, readSupport readSignature >> Call.Challenge >> Transaction
          ChainNamesV1.checkpoint,
          readSupport ignore >> (fun (fixedPart, proof, candidate, ()) -> Transaction(Call.Checkpoint(fixedPart, proof, candidate)))
          ChainNamesV1.stateIsSupported,
          readSupport ignore >> (fun (fixedPart, proof, candidate, ()) -> Question(fixedPart, proof, candidate))
          ChainNamesV1.transferAllAssets,
          fun reader ->
              let channel = ChannelId(reader.Bytes32())
              let offset = reader.Skip 1
              let stateHash = reader.Bytes32()
              reader.Expect(offset, 0)
              Transaction(Call.TransferAllAssets(channel, Outcome.read reader, stateHash))
          ChainNamesV1.transfer, readTransfer >> Transaction
          ChainNamesV1.reclaim, readReclaim >> Transaction
          ChainNamesV1.approve,
          fun reader ->
              reader.Address() |> ignore
              Transaction(Call.Approve(contract, reader.Amount()))
          tokenTransfer,
          fun reader ->
              let recipient = reader.Address()
              Transaction(Call.TokenTransfer(contract, recipient, reader.Amount())) ]

    /// Of a call to `contract`, encoded in the usual order. The spender of an approval is taken to be the adjudicator.
    let tryRead (contract: Address) (data: byte[]) : Request voption =
        match readers contract |> List.tryFind (fun (name, _) -> data.AsSpan().StartsWith(ReadOnlySpan(ChainNamesV1.selector name))) with
        | None -> ValueNone
        | Some(_, read) ->
            let reader = AbiReader(ReadOnlyMemory(data, 4, data.Length - 4))
            let request = read reader
            if reader.Complete then ValueSome request else ValueNone
