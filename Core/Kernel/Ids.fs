namespace Nitro.Kernel

open System

/// Names a channel: the hash of its fixed part.
[<Struct; CustomEquality; CustomComparison>]
type internal ChannelId =
    | ChannelId of Bytes32

    member this.Value = let (ChannelId value) = this in value
    member this.Equals(other: ChannelId) = this.Value.Equals other.Value
    override this.Equals(other: obj) = match other with :? ChannelId as o -> this.Equals o | _ -> false
    override this.GetHashCode() = this.Value.GetHashCode()
    override this.ToString() = this.Value.ToString()

    interface IEquatable<ChannelId> with
        member this.Equals other = this.Equals other

    interface IComparable<ChannelId> with
        member this.CompareTo other = this.Value.CompareTo other.Value

    interface IComparable with
        member this.CompareTo other = match other with :? ChannelId as o -> this.Value.CompareTo o.Value | _ -> 1

/// What an objective does with its channel.
[<Struct>]
type internal ObjectiveKind =
    | DirectFunding
    | DirectDefunding
    | VirtualFunding
    | VirtualDefunding

/// One objective of each kind per channel, so the pair names it.
[<Struct; CustomEquality; CustomComparison>]
type internal ObjectiveId =
    { Kind: ObjectiveKind
      Channel: ChannelId }

    member private this.Rank =
        match this.Kind with
        | DirectFunding -> 0
        | DirectDefunding -> 1
        | VirtualFunding -> 2
        | VirtualDefunding -> 3

    member this.Equals(other: ObjectiveId) = this.Rank = other.Rank && this.Channel.Equals other.Channel
    override this.Equals(other: obj) = match other with :? ObjectiveId as o -> this.Equals o | _ -> false
    override this.GetHashCode() = this.Channel.GetHashCode() * 4 + this.Rank

    /// The wire name: prefix and channel id.
    override this.ToString() =
        let prefix =
            match this.Kind with
            | DirectFunding -> "DirectFunding-"
            | DirectDefunding -> "DirectDefunding-"
            | VirtualFunding -> "VirtualFund-"
            | VirtualDefunding -> "VirtualDefund-"

        prefix + this.Channel.ToString()

    interface IEquatable<ObjectiveId> with
        member this.Equals other = this.Equals other

    interface IComparable with
        member this.CompareTo other =
            match other with
            | :? ObjectiveId as o ->
                let byChannel = this.Channel.Value.CompareTo o.Channel.Value
                if byChannel <> 0 then byChannel else compare this.Rank o.Rank
            | _ -> 1

module internal ObjectiveId =
    /// A wire name: prefix, `0x`, 64 digits.
    let tryParse (text: string) : ObjectiveId voption =
        let after (prefix: string) kind =
            if text.StartsWith(prefix, StringComparison.Ordinal) && text.Length = prefix.Length + 66 then
                Bytes32.tryParse (text.Substring prefix.Length)
                |> ValueOption.map (fun id -> { Kind = kind; Channel = ChannelId id })
            else
                ValueNone

        after "DirectFunding-" DirectFunding
        |> ValueOption.orElseWith (fun () -> after "DirectDefunding-" DirectDefunding)
        |> ValueOption.orElseWith (fun () -> after "VirtualFund-" VirtualFunding)
        |> ValueOption.orElseWith (fun () -> after "VirtualDefund-" VirtualDefunding)

/// The journal position of the fact that promised an effect.
[<Struct>]
type internal EffectId =
    | EffectId of int64

    member this.Value = let (EffectId value) = this in value
    override this.ToString() = "#" + this.Value.ToString Globalization.CultureInfo.InvariantCulture

/// Names an API request across retries: 16 to 64 characters.
[<Struct>]
type internal RequestId =
    | RequestId of string

    member this.Value = let (RequestId value) = this in value
    override this.ToString() = this.Value

/// Turn of a channel's state. 0 pre-fund, 1 post-fund, 2 a virtual channel's final state or a ledger's first update.
type internal TurnNumber = uint64

/// Block number.
type internal Height = uint64

/// Microseconds since 1970-01-01 UTC.
[<Struct>]
type internal Instant =
    | Instant of int64

    member this.Micros = let (Instant micros) = this in micros
    member this.PlusSeconds(seconds: int64) = Instant(this.Micros + seconds * 1_000_000L)
