namespace Nitro.Protocol

open System
open Nitro.Kernel

/// How the contract treats an allocation (exit format).
module internal AllocationType =
    let simple = 0uy
    /// What go-nitro's main branch writes for guarantees. The contract's own meaning is "withdraw helper"; it cannot be reclaimed.
    let goNitroGuarantee = 1uy
    /// A guarantee that the contract can reclaim.
    let guarantee = 2uy

/// One line of an outcome: so much to that destination.
type internal Allocation =
    { Destination: Destination
      Amount: Amount
      Type: byte
      Metadata: byte[] }

/// All that a channel pays out of one asset, in order of priority. The zero address is the native coin.
type internal AssetExit =
    { Asset: Address
      MetadataType: byte
      Metadata: byte[]
      Allocations: Allocation list }

/// What a channel pays out: an Exit of the exit format.
type internal Outcome = AssetExit list

/// Encodings and sums of outcomes (reference: exit format of the contracts, go-nitro's channel/state/outcome).
module internal Outcome =
    let private allocationSize (allocation: Allocation) = 4 * Abi.Word + Abi.bytesSize allocation.Metadata.Length

    let private exitSize (exit: AssetExit) =
        let mutable size = 3 * Abi.Word + 2 * Abi.Word + Abi.bytesSize exit.Metadata.Length + Abi.Word

        for allocation in exit.Allocations do
            size <- size + Abi.Word + allocationSize allocation

        size

    /// Bytes of an outcome inside a larger encoding.
    let encodedSize (outcome: Outcome) =
        let mutable size = Abi.Word

        for exit in outcome do
            size <- size + Abi.Word + exitSize exit

        size

    let private writeAllocation (writer: AbiWriter) (allocation: Allocation) =
        let origin = writer.Position
        writer.Bytes32 allocation.Destination
        writer.Amount allocation.Amount
        writer.UInt64(uint64 allocation.Type)
        let metadata = writer.Reserve 1
        writer.Here(metadata, origin)
        writer.Bytes allocation.Metadata

    /// Bytes of a list of allocations inside a larger encoding.
    let allocationsSize (allocations: Allocation list) =
        let mutable size = Abi.Word

        for allocation in allocations do
            size <- size + Abi.Word + allocationSize allocation

        size

    /// As part of a larger encoding.
    let writeAllocations (writer: AbiWriter) (allocations: Allocation list) =
        writer.UInt64(uint64 allocations.Length)
        let origin = writer.Position
        let mutable slot = writer.Reserve allocations.Length

        for allocation in allocations do
            writer.Here(slot, origin)
            writeAllocation writer allocation
            slot <- slot + Abi.Word

    let private writeExit (writer: AbiWriter) (exit: AssetExit) =
        let origin = writer.Position
        writer.Address exit.Asset
        let metadata = writer.Reserve 2
        writer.Here(metadata, origin)
        let metadataOrigin = writer.Position
        writer.UInt64(uint64 exit.MetadataType)
        let metadataBytes = writer.Reserve 1
        writer.Here(metadataBytes, metadataOrigin)
        writer.Bytes exit.Metadata
        writer.Here(metadata + Abi.Word, origin)
        writeAllocations writer exit.Allocations

    /// As part of a larger encoding.
    let write (writer: AbiWriter) (outcome: Outcome) =
        writer.UInt64(uint64 outcome.Length)
        let origin = writer.Position
        let mutable slot = writer.Reserve outcome.Length

        for exit in outcome do
            writer.Here(slot, origin)
            writeExit writer exit
            slot <- slot + Abi.Word

    /// abi.encode(Exit).
    let encode (outcome: Outcome) : byte[] =
        let writer = AbiWriter(Abi.Word + encodedSize outcome)
        let slot = writer.Reserve 1
        writer.Here(slot, 0)
        write writer outcome
        writer.Buffer

    let hash (outcome: Outcome) : Bytes32 = Keccak.hash (encode outcome)

    let private readAllocation (reader: AbiReader) : Allocation =
        let origin = reader.Position
        let destination = reader.Bytes32()
        let amount = reader.Amount()
        let kind = reader.UInt8()
        let metadata = reader.Skip 1
        reader.Expect(metadata, origin)

        { Destination = destination
          Amount = amount
          Type = kind
          Metadata = reader.Bytes() }

    /// As part of a larger encoding.
    let readAllocations (reader: AbiReader) : Allocation list =
        let count = reader.Count(6 * Abi.Word)
        reader.Items(count, readAllocation)

    let private readExit (reader: AbiReader) : AssetExit =
        let origin = reader.Position
        let asset = reader.Address()
        let slots = reader.Skip 2
        reader.Expect(slots, origin)
        let metadataOrigin = reader.Position
        let metadataType = reader.UInt8()
        let metadataSlot = reader.Skip 1
        reader.Expect(metadataSlot, metadataOrigin)
        let metadata = reader.Bytes()
        reader.Expect(slots + Abi.Word, origin)

        { Asset = asset
          MetadataType = metadataType
          Metadata = metadata
          Allocations = readAllocations reader }

    /// As part of a larger encoding.
    let read (reader: AbiReader) : Outcome =
        let count = reader.Count(8 * Abi.Word)
        reader.Items(count, readExit)

    /// What `encode` gives, and nothing else.
    let tryDecode (bytes: byte[]) : Outcome voption =
        let reader = AbiReader(ReadOnlyMemory bytes)
        let slot = reader.Skip 1
        reader.Expect(slot, 0)
        let outcome = read reader
        if reader.Complete then ValueSome outcome else ValueNone

    /// Sums the amounts that `select` picks from an asset's allocations. Nothing if a sum leaves the range of amounts.
    let private sum (select: Allocation list -> Allocation list) (outcome: Outcome) : Funds voption =
        let mutable total = ValueSome Funds.empty

        for exit in outcome do
            for allocation in select exit.Allocations do
                total <- total |> ValueOption.bind (Funds.tryAdd exit.Asset allocation.Amount)

        total

    /// All that is paid out, by asset.
    let totalAllocated (outcome: Outcome) : Funds voption = sum id outcome

    /// What is paid out to `destination`, by asset.
    let allocatedTo (destination: Destination) (outcome: Outcome) : Funds voption =
        outcome |> sum (List.filter (fun allocation -> allocation.Destination = destination))

    /// Less is held than the outcome gives `destination`, or than all of it where it gives nothing there: as long as nothing is paid out, a funded
    /// channel holds no less. What is left then was deposited since, or is others'.
    let isPaidTo (destination: Destination) (held: Funds) (outcome: Outcome) =
        match totalAllocated outcome, allocatedTo destination outcome with
        | ValueSome all, ValueSome theirs ->
            all
            |> Map.forall (fun asset total ->
                let due = Funds.get asset theirs
                Funds.get asset held < (if due.IsZero then total else due))
        | _ -> false

    /// What must be held before a deposit for `destination` is safe: everything of higher priority than its first
    /// allocation, or everything if it has none.
    let depositSafetyThreshold (destination: Destination) (outcome: Outcome) : Funds voption =
        outcome |> sum (List.takeWhile (fun allocation -> allocation.Destination <> destination))

    /// Metadata of a guarantee: the destinations of the ledger's two parties, from payer to payee. 64 bytes.
    let guaranteeMetadata (left: Destination) (right: Destination) : byte[] =
        let bytes = Array.zeroCreate<byte> 64
        left.CopyTo(Span(bytes, 0, 32))
        right.CopyTo(Span(bytes, 32, 32))
        bytes

    /// Left and right.
    let tryGuaranteeMetadata (bytes: byte[]) : struct (Bytes32 * Bytes32) voption =
        if bytes.Length = 64 then
            ValueSome(struct (Bytes32.ofSpan (ReadOnlySpan bytes), Bytes32.ofSpan (ReadOnlySpan(bytes, 32, 32))))
        else
            ValueNone
