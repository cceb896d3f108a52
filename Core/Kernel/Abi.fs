namespace Nitro.Kernel

open System
open System.Buffers.Binary

/// The part of Solidity's ABI encoding that Nitro hashes and the contracts take.
/// Everything is a row of 32-byte words; what has no fixed size is written behind its structure and stands in it as an
/// offset from the structure's first word.
module internal Abi =
    [<Literal>]
    let Word = 32

    /// Bytes rounded up to whole words.
    let padded (length: int) = (length + 31) &&& ~~~31

    /// Size of a byte string: its length and its padded contents.
    let bytesSize (length: int) = Word + padded length

/// Fills one buffer of known size, front to back. Sizes are the caller's to compute: a wrong one is our bug.
[<Sealed; AllowNullLiteral(false)>]
type internal AbiWriter(size: int) =
    let buffer = Array.zeroCreate<byte> size
    let mutable position = 0

    /// Offset of the next word from the start of the buffer.
    member _.Position = position

    /// The whole buffer.
    member _.Buffer = buffer

    member _.UInt64(value: uint64) =
        BinaryPrimitives.WriteUInt64BigEndian(Span(buffer, position + 24, 8), value)
        position <- position + Abi.Word

    member this.Bool(value: bool) = this.UInt64(if value then 1UL else 0UL)

    member _.Bytes32(value: Bytes32) =
        value.CopyTo(Span(buffer, position, Abi.Word))
        position <- position + Abi.Word

    member _.Address(value: Address) =
        value.CopyTo(Span(buffer, position + 12, 20))
        position <- position + Abi.Word

    member _.Amount(value: Amount) =
        Amount.copyTo (Span(buffer, position, Abi.Word)) value
        position <- position + Abi.Word

    /// Bytes that are not a word, such as a selector.
    member _.Raw(bytes: ReadOnlySpan<byte>) =
        bytes.CopyTo(Span(buffer, position, bytes.Length))
        position <- position + bytes.Length

    /// Length, contents, zeros up to a whole word.
    member this.Bytes(bytes: byte[]) =
        this.UInt64(uint64 bytes.Length)
        bytes.CopyTo(buffer, position)
        position <- position + Abi.padded bytes.Length

    /// Leaves words free for offsets; gives the place of the first.
    member _.Reserve(words: int) =
        let slot = position
        position <- position + Abi.Word * words
        slot

    /// What follows is what `slot` points to, counted from `origin`.
    member _.Here(slot: int, origin: int) =
        BinaryPrimitives.WriteUInt64BigEndian(Span(buffer, slot + 24, 8), uint64 (position - origin))

/// Reads what AbiWriter writes and nothing else: each offset must point to where the previous item ended, and padding
/// must be zero. So what was read encodes to the same bytes again, and hostile offsets cannot make it read anything twice.
/// A failure sticks: `Failed` is then set and every read gives zero, so the caller asks once, at the end.
[<Sealed; AllowNullLiteral(false)>]
type internal AbiReader(buffer: ReadOnlyMemory<byte>) =
    let mutable position = 0
    let mutable failed = false

    member _.Failed = failed
    member _.Position = position
    member _.Fail() = failed <- true

    /// Nothing failed and nothing is left.
    member _.Complete = not failed && position = buffer.Length

    member this.Bytes32() : Bytes32 =
        if failed || buffer.Length - position < Abi.Word then
            failed <- true
            Bytes32.zero
        else
            let value = Bytes32.ofSpan (buffer.Span.Slice position)
            position <- position + Abi.Word
            value

    /// A number of at most `max`.
    member this.UInt64(max: uint64) : uint64 =
        let word = this.Bytes32()

        if word.A = 0UL && word.B = 0UL && word.C = 0UL && word.D <= max then
            word.D
        else
            failed <- true
            0UL

    member this.UInt8() = byte (this.UInt64 255UL)
    member this.UInt48() = this.UInt64 0xFFFF_FFFF_FFFFUL
    member this.Bool() = this.UInt64 1UL = 1UL

    member this.Address() : Address =
        match Destination.tryAddress (this.Bytes32()) with
        | ValueSome address -> address
        | ValueNone ->
            failed <- true
            Address.zero

    member _.Amount() : Amount =
        if failed || buffer.Length - position < Abi.Word then
            failed <- true
            Amount.zero
        else
            let value = Amount.ofSpan (buffer.Span.Slice position)
            position <- position + Abi.Word
            value

    member this.Bytes() : byte[] =
        let length = int (this.UInt64(uint64 (buffer.Length - position)))
        let whole = Abi.padded length

        if failed || buffer.Length - position < whole then
            failed <- true
            Array.Empty()
        else
            let contents = buffer.Span.Slice(position, length).ToArray()

            if buffer.Span.Slice(position + length, whole - length).ContainsAnyExcept 0uy then failed <- true

            position <- position + whole
            contents

    /// A number of items of at least `leastSize` bytes each, so a count cannot promise more than the input holds.
    member this.Count(leastSize: int) = int (this.UInt64(uint64 ((buffer.Length - position) / leastSize)))

    /// Passes over offsets; gives the place of the first.
    member _.Skip(words: int) =
        let slot = position

        if failed || (buffer.Length - position) / Abi.Word < words then
            failed <- true
        else
            position <- position + Abi.Word * words

        slot

    /// The offset in `slot`, counted from `origin`, points right here.
    member _.Expect(slot: int, origin: int) =
        if failed || slot + Abi.Word > buffer.Length then
            failed <- true
        else
            let word = Bytes32.ofSpan (buffer.Span.Slice slot)

            if word <> Bytes32.ofUInt64 (uint64 (position - origin)) then failed <- true

    /// `count` items read by `read`, each behind an offset in a table in front of them, as in an array of dynamic items.
    member this.Items(count: int, read: AbiReader -> 'T) : 'T list =
        let origin = position
        let table = this.Skip count
        let items = ResizeArray<'T>()
        let mutable index = 0

        while not failed && index < count do
            this.Expect(table + Abi.Word * index, origin)
            items.Add(read this)
            index <- index + 1

        List.ofSeq items

    /// `count` items of fixed size.
    member this.Row(count: int, read: AbiReader -> 'T) : 'T list =
        let items = ResizeArray<'T>()

        while not failed && items.Count < count do
            items.Add(read this)

        List.ofSeq items
