namespace Nitro.Protocol

open System
open Nitro.Kernel

/// A state without its fixed part, and the signatures that go with it; for the contract their order does not matter.
type internal SignedPart =
    { Part: VariablePart
      Signatures: Signature list }

/// What an app contract is shown: bit i of `SignedBy` stands for participant i.
type internal RecoveredPart =
    { Part: VariablePart
      SignedBy: Amount }

/// Solidity's names for what the node calls and hears, from which selectors and topics are computed.
module internal ChainNamesV1 =
    let private allocation = "(bytes32,uint256,uint8,bytes)"
    let private exits = $"(address,(uint8,bytes),{allocation}[])[]"
    let private variablePart = $"({exits},bytes,uint48,bool)"
    let private signature = "(uint8,bytes32,bytes32)"
    let private signedPart = $"({variablePart},{signature}[])"
    let private recoveredPart = $"({variablePart},uint256)"
    let private fixedPart = "(address[],uint64,address,uint48)"

    let deposit = "deposit(address,bytes32,uint256,uint256)"
    let concludeAndTransferAllAssets = $"concludeAndTransferAllAssets({fixedPart},{signedPart})"
    let conclude = $"conclude({fixedPart},{signedPart})"
    let challenge = $"challenge({fixedPart},{signedPart}[],{signedPart},{signature})"
    let checkpoint = $"checkpoint({fixedPart},{signedPart}[],{signedPart})"
    let stateIsSupported = $"stateIsSupported({fixedPart},{signedPart}[],{signedPart})"
    let appStateIsSupported = $"stateIsSupported({fixedPart},{recoveredPart}[],{recoveredPart})"
    let transferAllAssets = $"transferAllAssets(bytes32,{exits},bytes32)"
    let transfer = "transfer(uint256,bytes32,bytes,bytes32,uint256[])"
    let reclaim = "reclaim((bytes32,bytes32,bytes,uint256,uint256,bytes32,bytes,uint256))"
    let holdings = "holdings(address,bytes32)"
    let statusOf = "statusOf(bytes32)"
    let unpackStatus = "unpackStatus(bytes32)"
    let computeTransferEffects = $"compute_transfer_effects_and_interactions(uint256,{allocation}[],uint256[])"
    let computeReclaimEffects = $"compute_reclaim_effects({allocation}[],{allocation}[],uint256)"
    let approve = "approve(address,uint256)"

    let functions =
        [ deposit; concludeAndTransferAllAssets; conclude; challenge; checkpoint; stateIsSupported; appStateIsSupported
          transferAllAssets; transfer; reclaim; holdings; statusOf; unpackStatus; computeTransferEffects
          computeReclaimEffects; approve ]

    let deposited = "Deposited(bytes32,address,uint256)"
    let allocationUpdated = "AllocationUpdated(bytes32,uint256,uint256,uint256)"
    let concluded = "Concluded(bytes32,uint48)"
    let challengeRegistered = $"ChallengeRegistered(bytes32,uint48,{signedPart}[],{signedPart})"
    let challengeCleared = "ChallengeCleared(bytes32,uint48)"
    let checkpointed = "Checkpointed(bytes32,uint48)"
    let reclaimed = "Reclaimed(bytes32,uint256)"

    /// Keccak of a signature: topic 0 of an event.
    let topic (signature: string) : Bytes32 = Keccak.hash (Text.Encoding.ASCII.GetBytes signature)

    /// The first four bytes of the same: how calldata names a function.
    let selector (signature: string) : byte[] = (topic signature).ToArray() |> Array.truncate 4

/// The structures of the contracts' interface. Their order of fields differs from that of the hashes.
module internal ChainPartsV1 =
    let private word = Abi.Word

    let fixedSize (part: FixedPart) = word * (5 + part.Participants.Length)

    let writeFixed (writer: AbiWriter) (part: FixedPart) =
        let origin = writer.Position
        let participants = writer.Reserve 1
        writer.UInt64 part.Nonce
        writer.Address part.App
        writer.UInt64(uint64 part.ChallengeDuration)
        writer.Here(participants, origin)
        writer.UInt64(uint64 part.Participants.Length)

        for participant in part.Participants do
            writer.Address participant

    let private variableSize (part: VariablePart) =
        4 * word + Outcome.encodedSize part.Outcome + Abi.bytesSize part.AppData.Length

    let private writeVariable (writer: AbiWriter) (part: VariablePart) =
        let origin = writer.Position
        let offsets = writer.Reserve 2
        writer.UInt64 part.Turn
        writer.Bool part.IsFinal
        writer.Here(offsets, origin)
        Outcome.write writer part.Outcome
        writer.Here(offsets + word, origin)
        writer.Bytes part.AppData

    let writeSignature (writer: AbiWriter) (signature: Signature) =
        writer.UInt64(uint64 signature.V)
        writer.Bytes32 signature.R
        writer.Bytes32 signature.S

    let signedSize (signed: SignedPart) = 3 * word + variableSize signed.Part + 3 * word * signed.Signatures.Length

    let writeSigned (writer: AbiWriter) (signed: SignedPart) =
        let origin = writer.Position
        let offsets = writer.Reserve 2
        writer.Here(offsets, origin)
        writeVariable writer signed.Part
        writer.Here(offsets + word, origin)
        writer.UInt64(uint64 signed.Signatures.Length)

        for signature in signed.Signatures do
            writeSignature writer signature

    let recoveredSize (recovered: RecoveredPart) = 2 * word + variableSize recovered.Part

    let writeRecovered (writer: AbiWriter) (recovered: RecoveredPart) =
        let origin = writer.Position
        let offset = writer.Reserve 1
        writer.Amount recovered.SignedBy
        writer.Here(offset, origin)
        writeVariable writer recovered.Part

    let listSize (size: 'T -> int) (items: 'T list) = word + List.sumBy (fun item -> word + size item) items

    /// An array of items that have no fixed size.
    let writeList (write: AbiWriter -> 'T -> unit) (writer: AbiWriter) (items: 'T list) =
        writer.UInt64(uint64 items.Length)
        let origin = writer.Position
        let mutable slot = writer.Reserve items.Length

        for item in items do
            writer.Here(slot, origin)
            write writer item
            slot <- slot + word

    let readFixed (reader: AbiReader) : FixedPart =
        let origin = reader.Position
        let participants = reader.Skip 1
        let nonce = reader.UInt64 UInt64.MaxValue
        let app = reader.Address()
        let duration = reader.UInt64(uint64 UInt32.MaxValue)
        reader.Expect(participants, origin)
        let count = reader.Count word

        { Participants = reader.Row(count, _.Address())
          Nonce = nonce
          App = app
          ChallengeDuration = uint32 duration }

    let private readVariable (reader: AbiReader) : VariablePart =
        let origin = reader.Position
        let offsets = reader.Skip 2
        let turn = reader.UInt48()
        let isFinal = reader.Bool()
        reader.Expect(offsets, origin)
        let outcome = Outcome.read reader
        reader.Expect(offsets + word, origin)

        { Outcome = outcome
          AppData = reader.Bytes()
          Turn = turn
          IsFinal = isFinal }

    let private readSignature (reader: AbiReader) : Signature =
        let v = reader.UInt8()
        let r = reader.Bytes32()
        { R = r; S = reader.Bytes32(); V = v }

    let readSigned (reader: AbiReader) : SignedPart =
        let origin = reader.Position
        let offsets = reader.Skip 2
        reader.Expect(offsets, origin)
        let part = readVariable reader
        reader.Expect(offsets + word, origin)
        let count = reader.Count(3 * word)

        { Part = part
          Signatures = reader.Row(count, readSignature) }

    let readSignedList (reader: AbiReader) : SignedPart list =
        let count = reader.Count(10 * word)
        reader.Items(count, readSigned)
