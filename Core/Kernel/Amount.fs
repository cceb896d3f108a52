namespace Nitro.Kernel

open System

/// 0 <= value < 2^256, by construction. Wei, or the smallest unit of a token.
[<Struct; CustomEquality; CustomComparison>]
type internal Amount =
    private
    | Amount of bigint

    member this.Value = let (Amount value) = this in value
    member this.IsZero = this.Value.IsZero
    member this.Equals(other: Amount) = this.Value.Equals other.Value
    member this.CompareTo(other: Amount) = this.Value.CompareTo other.Value
    /// As `>`, which would box both.
    member this.Exceeds(other: Amount) = this.Value.CompareTo other.Value > 0
    override this.Equals(other: obj) = match other with :? Amount as o -> this.Equals o | _ -> false
    override this.GetHashCode() = this.Value.GetHashCode()
    /// Decimal digits.
    override this.ToString() = this.Value.ToString Globalization.CultureInfo.InvariantCulture

    interface IEquatable<Amount> with
        member this.Equals other = this.Equals other

    interface IComparable<Amount> with
        member this.CompareTo other = this.CompareTo other

    interface IComparable with
        member this.CompareTo other = match other with :? Amount as o -> this.CompareTo o | _ -> 1

module internal Amount =
    let private limit = bigint.Pow(2I, 256)
    let zero = Amount 0I
    let one = Amount 1I
    let tryCreate (value: bigint) = if value.Sign >= 0 && value.CompareTo limit < 0 then ValueSome(Amount value) else ValueNone
    let ofUInt64 (value: uint64) = Amount(bigint value)
    let tryAdd (a: Amount) (b: Amount) = tryCreate (a.Value + b.Value)
    let trySubtract (a: Amount) (b: Amount) = tryCreate (a.Value - b.Value)

    /// a - b, or zero where b is larger: "what is still missing".
    let lacking (a: Amount) (b: Amount) = if a.Exceeds b then Amount(a.Value - b.Value) else zero

    /// a + b, or the largest amount there is: for thresholds, never for balances.
    let addSaturated (a: Amount) (b: Amount) = match tryAdd a b with ValueSome sum -> sum | ValueNone -> Amount(limit - 1I)
    let min (a: Amount) (b: Amount) = if b.Exceeds a then a else b
    let max (a: Amount) (b: Amount) = if b.Exceeds a then b else a

    /// 32 bytes, big-endian.
    let copyTo (target: Span<byte>) (amount: Amount) =
        let value = amount.Value
        let length = value.GetByteCount true
        target.Slice(0, 32).Clear()
        let mutable written = 0
        value.TryWriteBytes(target.Slice(32 - length), &written, true, true) |> ignore

    /// The first 32 bytes as a big-endian number.
    let ofSpan (bytes: ReadOnlySpan<byte>) = Amount(Numerics.BigInteger(bytes.Slice(0, 32), true, true))

    /// A decimal integer without sign, as in JSON.
    let tryParse (text: string) =
        if text.Length = 0 || text.Length > 78 || text.AsSpan().ContainsAnyExceptInRange('0', '9') then ValueNone
        else tryCreate (bigint.Parse(text, Globalization.CultureInfo.InvariantCulture))

    /// Minimal hexadecimal with `0x`: `0x0`, `0x1f`.
    let toHex (amount: Amount) =
        if amount.IsZero then "0x0" else "0x" + amount.Value.ToString("x", Globalization.CultureInfo.InvariantCulture).TrimStart '0'

/// Amounts by asset. An absent asset equals zero; zero entries are never kept.
type internal Funds = Map<Address, Amount>

module internal Funds =
    let empty: Funds = Map.empty
    let get asset (funds: Funds) = match Map.tryFind asset funds with Some amount -> amount | None -> Amount.zero
    let set asset (amount: Amount) (funds: Funds) : Funds = if amount.IsZero then Map.remove asset funds else Map.add asset amount funds

    let tryAdd asset amount (funds: Funds) =
        Amount.tryAdd (get asset funds) amount |> ValueOption.map (fun sum -> set asset sum funds)

    /// Every asset of `needed` is there in full.
    let covers (needed: Funds) (funds: Funds) = needed |> Map.forall (fun asset amount -> get asset funds >= amount)
