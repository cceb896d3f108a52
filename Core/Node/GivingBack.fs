namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// When the guarantees of a payment channel that never came to run may go without a final state. Money: an end has one guarantee, so
/// its own rules are enough (`Channel.mayGiveBack`). An intermediary has two, and once its post-fund is signed the order decides: the
/// paying side's gives it back all that it put in, at any time; the other one's costs it what it may owe on the paying side, unless that
/// is gone. ADR 0010.
module internal GivingBack =
    /// As intermediary with its post-fund signed: one side may be paid, and the other side's guarantee covers it.
    let private isBound (channel: Channel) =
        Terms.role channel.Terms = Intermediary && Channel.hasSigned Turn.postFund channel && (Channel.completeFinal channel).IsNone

    /// The ledgers it was taken in by and is paid from.
    let private ledgers (channel: Channel) (state: NodeState) =
        match NodeState.objective { Kind = VirtualFunding; Channel = channel.Terms.Id } state with
        | ValueSome { Goal = VirtualFund(_, ValueSome left, ValueSome right) } -> ValueSome(struct (left, right))
        | ValueSome _
        | ValueNone -> ValueNone

    let private carries target ledger (state: NodeState) =
        match NodeState.channel ledger state with
        | ValueSome { Ledger = ValueSome l } -> l.Agreed.Guarantees.ContainsKey target || LedgerChannel.isQueued target l
        | ValueSome _
        | ValueNone -> false

    /// The paying side's guarantee is gone, or the other side has signed or said that it goes. Both have stood, since our post-fund is
    /// signed.
    let isLetGo (channel: Channel) (state: NodeState) =
        let target = channel.Terms.Id

        let isGoing right =
            match NodeState.channel right state with
            | ValueSome ledger when Channel.isLeader ledger -> List.contains (Channel.counterparty ledger) channel.GivenUpBy
            | ValueSome { Ledger = ValueSome l } -> l.Queue.Values |> Seq.exists (fun queued -> queued.Proposal = Channel.givingBack channel)
            | ValueSome _
            | ValueNone -> false

        isBound channel
        && (match ledgers channel state with
            | ValueSome(struct (_, right)) -> not (carries target right state) || isGoing right
            | ValueNone -> false)

    /// It is gone from every ledger of ours that had it, without a final state: nothing that comes now opens it or is counted.
    let isGivenBack (channel: Channel) (state: NodeState) =
        let target = channel.Terms.Id

        if Terms.role channel.Terms = Intermediary then
            isBound channel
            && (match ledgers channel state with
                | ValueSome(struct (left, right)) -> not (carries target left state || carries target right state)
                | ValueNone -> false)
        else
            NodeState.isGivenUp target state && Channel.mayGiveBack channel && (Channel.completeFinal channel).IsNone

    /// Whether we have done with it on this ledger.
    let isOver ledger (channel: Channel) (state: NodeState) =
        (NodeState.isGivenUp channel.Terms.Id state && Channel.mayGiveBack channel)
        || (isLetGo channel state
            && (match ledgers channel state with
                | ValueSome(struct (left, right)) -> ledger = right || (ledger = left && not (carries channel.Terms.Id right state))
                | ValueNone -> false))

    /// Whether the neighbour would let its guarantee go: a removal that it does not agree to would lie in the ledger's queue, and nothing
    /// behind it would ever be agreed. The payer gets back all that it put in, and so does, between our nodes, whoever is on our left. A
    /// hub on our right says whether its post-fund binds it; of go-nitro's nodes that is known by the post-fund alone.
    let mayAsk (channel: Channel) neighbour =
        let terms = channel.Terms
        let isUnsigned = (Channel.signedBy neighbour Turn.postFund channel).IsNone

        neighbour = 0
        || (Channel.completeFinal channel).IsSome
        || List.contains terms.Parties[neighbour] channel.GivenUpBy
        || (match terms.Dialect with
            | Nitro -> neighbour < terms.MyIndex || (neighbour = terms.Last && isUnsigned)
            | GoNitro -> isUnsigned)
