namespace Nitro.Kernel

open System
open System.Buffers.Binary

/// Hexadecimal text, both ways. Never throws for bad input.
module internal Hex =
    /// Lower-case digits without a prefix.
    let ofBytes (bytes: ReadOnlySpan<byte>) = Convert.ToHexStringLower bytes

    /// Lower-case digits with `0x`.
    let prefixed (bytes: ReadOnlySpan<byte>) = String.Concat("0x", Convert.ToHexStringLower bytes)

    /// An even number of digits in any case, without a prefix.
    let tryDigits (digits: ReadOnlySpan<char>) : byte[] voption =
        let bytes = Array.zeroCreate<byte> (digits.Length / 2)
        let mutable read = 0
        let mutable written = 0

        if digits.Length % 2 <> 0 then ValueNone
        elif digits.Length = 0 then ValueSome bytes
        else
            match Convert.FromHexString(digits, Span bytes, &read, &written) with
            | Buffers.OperationStatus.Done -> ValueSome bytes
            | _ -> ValueNone

    /// Text with or without `0x`, any case, an even number of digits.
    let tryParse (text: string) : byte[] voption =
        tryDigits (if text.StartsWith("0x", StringComparison.Ordinal) then text.AsSpan 2 else text.AsSpan())

/// 32 bytes, compared as a big-endian number.
[<Struct; CustomEquality; CustomComparison>]
type internal Bytes32 =
    { A: uint64
      B: uint64
      C: uint64
      D: uint64 }

    member this.Equals(other: Bytes32) = this.D = other.D && this.C = other.C && this.B = other.B && this.A = other.A

    member this.CompareTo(other: Bytes32) =
        if this.A <> other.A then compare this.A other.A
        elif this.B <> other.B then compare this.B other.B
        elif this.C <> other.C then compare this.C other.C
        else compare this.D other.D

    override this.Equals(other: obj) = match other with :? Bytes32 as o -> this.Equals o | _ -> false
    override this.GetHashCode() = int (this.D ^^^ (this.A >>> 32) ^^^ this.B)

    interface IEquatable<Bytes32> with
        member this.Equals other = this.Equals other

    interface IComparable<Bytes32> with
        member this.CompareTo other = this.CompareTo other

    interface IComparable with
        member this.CompareTo other = match other with :? Bytes32 as o -> this.CompareTo o | _ -> 1

    /// `0x` and 64 lower-case digits.
    override this.ToString() = Hex.prefixed (this.ToArray())

    member this.CopyTo(target: Span<byte>) =
        BinaryPrimitives.WriteUInt64BigEndian(target, this.A)
        BinaryPrimitives.WriteUInt64BigEndian(target.Slice 8, this.B)
        BinaryPrimitives.WriteUInt64BigEndian(target.Slice 16, this.C)
        BinaryPrimitives.WriteUInt64BigEndian(target.Slice 24, this.D)

    member this.ToArray() : byte[] =
        let bytes = Array.zeroCreate<byte> 32
        this.CopyTo(Span bytes)
        bytes

module internal Bytes32 =
    let zero = { A = 0UL; B = 0UL; C = 0UL; D = 0UL }

    /// The first 32 bytes of `bytes`, which must be there.
    let ofSpan (bytes: ReadOnlySpan<byte>) =
        { A = BinaryPrimitives.ReadUInt64BigEndian bytes
          B = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice 8)
          C = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice 16)
          D = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice 24) }

    let ofUInt64 value = { zero with D = value }

    let tryOfArray (bytes: byte[]) = if bytes.Length = 32 then ValueSome(ofSpan (ReadOnlySpan bytes)) else ValueNone

    /// Exactly 64 digits, with or without `0x`.
    let tryParse (text: string) = Hex.tryParse text |> ValueOption.bind tryOfArray

/// 20 bytes: an account or a contract, as the chain knows it.
[<Struct; CustomEquality; CustomComparison>]
type internal Address =
    { High: uint64
      Middle: uint64
      Low: uint32 }

    member this.Equals(other: Address) = this.Low = other.Low && this.Middle = other.Middle && this.High = other.High

    member this.CompareTo(other: Address) =
        if this.High <> other.High then compare this.High other.High
        elif this.Middle <> other.Middle then compare this.Middle other.Middle
        else compare this.Low other.Low

    override this.Equals(other: obj) = match other with :? Address as o -> this.Equals o | _ -> false
    override this.GetHashCode() = int this.Low ^^^ int this.Middle

    interface IEquatable<Address> with
        member this.Equals other = this.Equals other

    interface IComparable<Address> with
        member this.CompareTo other = this.CompareTo other

    interface IComparable with
        member this.CompareTo other = match other with :? Address as o -> this.CompareTo o | _ -> 1

    /// `0x` and 40 lower-case digits.
    override this.ToString() = Hex.prefixed (this.ToArray())

    member this.CopyTo(target: Span<byte>) =
        BinaryPrimitives.WriteUInt64BigEndian(target, this.High)
        BinaryPrimitives.WriteUInt64BigEndian(target.Slice 8, this.Middle)
        BinaryPrimitives.WriteUInt32BigEndian(target.Slice 16, this.Low)

    member this.ToArray() : byte[] =
        let bytes = Array.zeroCreate<byte> 20
        this.CopyTo(Span bytes)
        bytes

module internal Address =
    /// As an asset: the chain's native coin.
    let zero: Address = { High = 0UL; Middle = 0UL; Low = 0u }

    /// The first 20 bytes of `bytes`, which must be there.
    let ofSpan (bytes: ReadOnlySpan<byte>) : Address =
        { High = BinaryPrimitives.ReadUInt64BigEndian bytes
          Middle = BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice 8)
          Low = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice 16) }

    let tryOfArray (bytes: byte[]) = if bytes.Length = 20 then ValueSome(ofSpan (ReadOnlySpan bytes)) else ValueNone

    /// `0x` and exactly 40 digits in any case.
    let tryParse (text: string) =
        if text.Length = 42 && text.StartsWith("0x", StringComparison.Ordinal) then
            Hex.tryParse text |> ValueOption.bind tryOfArray
        else
            ValueNone

/// Where money goes: 32 bytes; *external* (an account) iff the first 12 are zero, else a channel id.
type internal Destination = Bytes32

module internal Destination =
    /// The account, left-padded with 12 zero bytes.
    let ofAddress (address: Address) : Destination =
        { A = 0UL
          B = address.High >>> 32
          C = (address.High <<< 32) ||| (address.Middle >>> 32)
          D = (address.Middle <<< 32) ||| uint64 address.Low }

    let isExternal (destination: Destination) = destination.A = 0UL && destination.B >>> 32 = 0UL

    let tryAddress (destination: Destination) : Address voption =
        if isExternal destination then
            ValueSome
                { High = (destination.B <<< 32) ||| (destination.C >>> 32)
                  Middle = (destination.C <<< 32) ||| (destination.D >>> 32)
                  Low = uint32 destination.D }
        else
            ValueNone
