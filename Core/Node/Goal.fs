namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// Our part in a payment channel.
[<Struct>]
type internal PaymentRole =
    | Payer
    | Intermediary
    | Payee

/// What a channel is, agreed before any of its states is signed.
type internal Terms =
    { Id: ChannelId
      Fixed: FixedPart
      /// The outcome of the pre-fund and the post-fund: two plain allocations, first and last participant.
      Opening: LedgerOutcome
      MyIndex: int
      /// True of a channel with deposits on chain, false of one funded by guarantees.
      IsLedger: bool
      Dialect: Dialect }

    member this.Parties = this.Fixed.Participants
    member this.Last = this.Fixed.Participants.Length - 1
    member this.Me = this.Fixed.Participants[this.MyIndex]
    /// Everyone but us, in participant order.
    member this.Others = this.Fixed.Participants |> List.filter (fun party -> party <> this.Me)
    member this.Payer = List.head this.Fixed.Participants
    member this.Payee = List.last this.Fixed.Participants
    /// All that the channel holds.
    member this.Total = Amount.addSaturated this.Opening.LeaderBalance this.Opening.FollowerBalance

module internal Terms =
    let private opening (terms: Terms) turn = Ledger.toVariable terms.Dialect turn false terms.Opening
    let preFund terms = opening terms Turn.preFund
    let postFund terms = opening terms Turn.postFund

    /// Pre-fund and post-fund, on one outcome.
    let openings (terms: Terms) : struct (VariablePart * VariablePart) =
        let first = preFund terms
        struct (first, { first with Turn = Turn.postFund })

    /// The contracts could not enforce what is signed in such a payment channel (house rules, "Dialects").
    let isUnenforceable (terms: Terms) =
        terms.Dialect = GoNitro || terms.Opening.Asset <> Address.zero || not terms.Opening.FollowerBalance.IsZero

    /// Our own share at the start.
    let ownShare (terms: Terms) =
        if terms.MyIndex = 0 then terms.Opening.LeaderBalance
        elif terms.MyIndex = terms.Last then terms.Opening.FollowerBalance
        else Amount.zero

    let role (terms: Terms) =
        if terms.MyIndex = 0 then Payer
        elif terms.MyIndex = terms.Last then Payee
        else Intermediary

    /// The guarantee that the ledger between participants `left` and `left + 1` must hold for this virtual channel.
    let guarantee (terms: Terms) left : Guarantee =
        { Target = terms.Id
          Amount = terms.Total
          Left = Destination.ofAddress terms.Parties[left]
          Right = Destination.ofAddress terms.Parties[left + 1] }

    /// Adding that guarantee: the left party puts in what the payer starts with.
    let addition (terms: Terms) left = Add(guarantee terms left, terms.Opening.LeaderBalance)

/// What an objective wants: immutable, and all of it that is ever stored.
type internal Goal =
    | DirectFund of channel: ChannelId
    | DirectDefund of ledger: ChannelId
    /// `left`, `right`: our own ledgers towards the payer and towards the payee, where there are any.
    | VirtualFund of channel: ChannelId * left: ChannelId voption * right: ChannelId voption
    | VirtualDefund of channel: ChannelId * left: ChannelId voption * right: ChannelId voption

module internal Goal =
    let id goal : ObjectiveId =
        match goal with
        | DirectFund channel -> { Kind = DirectFunding; Channel = channel }
        | DirectDefund ledger -> { Kind = DirectDefunding; Channel = ledger }
        | VirtualFund(channel, _, _) -> { Kind = VirtualFunding; Channel = channel }
        | VirtualDefund(channel, _, _) -> { Kind = VirtualDefunding; Channel = channel }

    /// The ledgers that carry the objective's guarantees.
    let ledgers goal =
        match goal with
        | DirectFund _
        | DirectDefund _ -> []
        | VirtualFund(_, left, right)
        | VirtualDefund(_, left, right) -> [ yield! ValueOption.toList left; yield! ValueOption.toList right ] |> List.distinct

/// Who set an objective going.
type internal Origin =
    | OwnRequest
    | Peer of Address

/// How an objective ended.
type internal Ending =
    | Completed
    | Rejected of reason: string

/// What is stored of an objective: its progress is not.
type internal ObjectiveRecord =
    { Goal: Goal
      Origin: Origin
      Opened: Instant
      Deadline: Instant voption
      /// Policy or the operator has said yes.
      Approved: bool
      /// A half-open virtual channel is being taken back, for this reason.
      Undoing: string voption
      Ending: Ending voption }
