namespace Nitro.Wire

open System
open System.Collections.Generic
open System.Text
open Nitro.Kernel
open Nitro.Node

/// Scalars in as few bytes as they need. A value of 32 bytes is written once: later on it is named by its place.
/// For snapshots alone, which only the program reads that wrote them; what is kept is JSON.
[<Sealed>]
type internal PackWriter() =
    let mutable buffer = Array.zeroCreate<byte> 65_536
    let mutable length = 0
    let places = Dictionary<Bytes32, int>()

    member private _.Room count =
        if buffer.Length - length < count then Array.Resize(&buffer, max (2 * buffer.Length) (length + count))
        let room = Span(buffer, length, count)
        length <- length + count
        room

    member _.ToArray() = buffer.AsSpan(0, length).ToArray()
    member this.Byte(value: byte) = (this.Room 1)[0] <- value
    member this.Flag(value: bool) = this.Byte(if value then 1uy else 0uy)

    member this.Number(value: uint64) =
        let mutable rest = value

        while rest >= 128UL do
            this.Byte(byte rest ||| 128uy)
            rest <- rest >>> 7

        this.Byte(byte rest)

    member this.Count(value: int) = this.Number(uint64 value)
    /// Small on both sides of zero.
    member this.Signed(value: int64) = this.Number(uint64 ((value <<< 1) ^^^ (value >>> 63)))

    member this.Bytes(value: byte[]) =
        this.Count value.Length
        value.CopyTo(this.Room value.Length)

    member this.Text(value: string) = this.Bytes(Encoding.UTF8.GetBytes value)

    member this.Bytes32(value: Bytes32) =
        match places.TryGetValue value with
        | true, place -> this.Count place
        | _ ->
            this.Byte 0uy
            value.CopyTo(this.Room 32)
            places.Add(value, places.Count + 1)

    member this.Address(value: Address) = this.Bytes32(Destination.ofAddress value)

    member this.Amount(value: Amount) =
        let bytes = value.Value.ToByteArray(true, true)
        this.Byte(byte bytes.Length)
        bytes.CopyTo(this.Room bytes.Length)

    member this.Signature(value: Signature) =
        value.R.CopyTo(this.Room 32)
        value.S.CopyTo(this.Room 32)
        this.Byte value.V

    member this.Channel(ChannelId value) = this.Bytes32 value
    member this.Instant(value: Instant) = this.Signed value.Micros

    member this.Objective(value: ObjectiveId) =
        this.Byte(
            match value.Kind with
            | DirectFunding -> 0uy
            | DirectDefunding -> 1uy
            | VirtualFunding -> 2uy
            | VirtualDefunding -> 3uy
        )

        this.Channel value.Channel

    member this.Option(write: 'T -> unit, value: 'T voption) =
        match value with
        | ValueSome found ->
            this.Byte 1uy
            write found
        | ValueNone -> this.Byte 0uy

    member this.List(write: 'T -> unit, values: 'T list) =
        this.Count values.Length
        for value in values do write value

/// Reads what a `PackWriter` wrote. Total: where something else stands it keeps the reason, is at its end from then on and gives zeros and
/// empty lists, so whoever reads asks for `Wrong` afterwards and uses nothing of what was read where there is a reason.
[<Sealed>]
type internal PackReader(bytes: ReadOnlyMemory<byte>) =
    let mutable position = 0
    let mutable wrong = ""
    // As many as there mostly are.
    let seen = List<Bytes32>(bytes.Length / 96)
    let zeros = Array.zeroCreate<byte> 65

    /// The first reason stands.
    member _.Refuse(reason: string) =
        if wrong = "" then wrong <- reason
        position <- bytes.Length

    /// So many bytes, none where they are not there.
    member private this.Take(count: int) : ReadOnlySpan<byte> =
        if bytes.Length - position < count then
            this.Refuse "it ends too early"
            ReadOnlySpan()
        else
            let taken = bytes.Span.Slice(position, count)
            position <- position + count
            taken

    /// So many bytes, up to 65: zeros where they are not there.
    member private this.Fixed(count: int) : ReadOnlySpan<byte> =
        let taken = this.Take count
        if taken.Length = count then taken else ReadOnlySpan(zeros, 0, count)

    /// Why this is nothing that was written; empty where it is.
    member _.Wrong = if wrong <> "" then wrong elif position < bytes.Length then "there is more than was written" else ""

    member this.Byte() : byte =
        if position < bytes.Length then
            let value = bytes.Span[position]
            position <- position + 1
            value
        else
            this.Refuse "it ends too early"
            0uy

    /// A byte below this.
    member this.Tag(limit: int) : int =
        let tag = int (this.Byte())

        if tag < limit then
            tag
        else
            this.Refuse $"{tag} where less than {limit} was due"
            0

    member this.Flag() = this.Tag 2 = 1

    member this.Number() : uint64 =
        let mutable value = 0UL
        let mutable shift = 0
        let mutable isMore = true

        while isMore do
            let next = this.Byte()
            if shift > 63 then this.Refuse "a number is too long"
            value <- value ||| (uint64 (next &&& 127uy) <<< shift)
            shift <- shift + 7
            isMore <- next >= 128uy

        value

    member this.Count() : int =
        let value = this.Number()

        if value <= uint64 Int32.MaxValue then
            int value
        else
            this.Refuse "a count is too large"
            0

    member this.Signed() : int64 =
        let value = this.Number()
        int64 (value >>> 1) ^^^ -(int64 (value &&& 1UL))

    member this.Bytes() : byte[] = (this.Take(this.Count())).ToArray()
    member this.Text() : string = Encoding.UTF8.GetString(this.Take(this.Count()))

    member this.Bytes32() : Bytes32 =
        let place = this.Count()

        if place = 0 then
            let value = Bytes32.ofSpan (this.Fixed 32)
            seen.Add value
            value
        elif place <= seen.Count then
            seen[place - 1]
        else
            this.Refuse "a value is named that was not there"
            Bytes32.ofSpan (ReadOnlySpan zeros)

    member this.Address() : Address =
        match Destination.tryAddress (this.Bytes32()) with
        | ValueSome address -> address
        | ValueNone ->
            this.Refuse "an address has 20 bytes"
            Address.ofSpan (ReadOnlySpan zeros)

    member this.Amount() : Amount =
        match Amount.tryCreate (Numerics.BigInteger(this.Take(this.Tag 33), true, true)) with
        | ValueSome amount -> amount
        | ValueNone ->
            this.Refuse "an amount is too large"
            Amount.zero

    member this.Signature() : Signature =
        let bytes = this.Fixed 65

        { R = Bytes32.ofSpan bytes
          S = Bytes32.ofSpan (bytes.Slice 32)
          V = bytes[64] }

    member this.Channel() = ChannelId(this.Bytes32())
    member this.Instant() = Instant(this.Signed())

    member this.Objective() : ObjectiveId =
        let kind =
            match this.Tag 4 with
            | 0 -> DirectFunding
            | 1 -> DirectDefunding
            | 2 -> VirtualFunding
            | _ -> VirtualDefunding

        { Kind = kind; Channel = this.Channel() }

    member this.Option(read: unit -> 'T) : 'T voption = if this.Flag() then ValueSome(read ()) else ValueNone

    member this.List(read: unit -> 'T) : 'T list =
        let count = this.Count()

        // Each takes a byte at least: a count beyond that is damage, and no reason to make room.
        if count <= bytes.Length - position then
            [ for _ in 1..count do
                  if wrong = "" then read () ]
        else
            this.Refuse "a list is too long"
            []
