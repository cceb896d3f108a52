namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// When the guarantees of a payment channel may go without a final state, at the opening's amounts. Money: what we put in ourselves comes
/// back whole, so that may go at any time. What somebody else put in covers what we may owe behind it, so it goes when that is gone; of
/// the payee, only before anything can have counted (`Channel.mayGiveBack`). ADR 0010.
module internal GivingBack =
    /// The ledgers it was taken in by, except at the payer, and is paid from.
    let private ledgers (channel: Channel) (state: NodeState) =
        match NodeState.objective { Kind = VirtualFunding; Channel = channel.Terms.Id } state with
        | ValueSome { Goal = VirtualFund(_, left, ValueSome right) } -> ValueSome(struct (left, right))
        | ValueSome _
        | ValueNone -> ValueNone

    /// There may be a final state that we have forgotten, or guarantees.
    let private isForgetful (channel: Channel) (state: NodeState) =
        NodeState.isStale channel state
        || (match ledgers channel state with
            | ValueSome(struct (left, right)) ->
                NodeState.isStaleById right state || left |> ValueOption.exists (fun ledger -> NodeState.isStaleById ledger state)
            | ValueNone -> false)

    /// Our post-fund is signed, and we pay: the guarantee behind us may pay the next one.
    let private isBound (channel: Channel) (state: NodeState) =
        Terms.role channel.Terms <> Payee
        && Channel.hasSigned Turn.postFund channel
        && (Channel.completeFinal channel).IsNone
        && not (isForgetful channel state)

    let private carries target ledger (state: NodeState) =
        match NodeState.channel ledger state with
        | ValueSome { Ledger = ValueSome l } -> l.Agreed.Guarantees.ContainsKey target || LedgerChannel.isQueued target l
        | ValueSome _
        | ValueNone -> false

    /// The paying side's guarantee is gone, or the other side has signed or said that it goes. All have stood, since our post-fund is
    /// signed.
    let isLetGo (channel: Channel) (state: NodeState) =
        let target = channel.Terms.Id

        let isGoing right =
            match NodeState.channel right state with
            | ValueSome ledger when Channel.isLeader ledger -> List.contains (Channel.counterparty ledger) channel.GivenUpBy
            | ValueSome { Ledger = ValueSome l } -> l.Queue.Values |> Seq.exists (fun queued -> queued.Proposal = Channel.givingBack channel)
            | ValueSome _
            | ValueNone -> false

        isBound channel state
        && (match ledgers channel state with
            | ValueSome(struct (_, right)) -> not (carries target right state) || isGoing right
            | ValueNone -> false)

    /// It is gone from every ledger of ours that had it, without a final state: nothing that comes now opens it or is counted.
    let isGivenBack (channel: Channel) (state: NodeState) =
        let target = channel.Terms.Id

        if isBound channel state then
            match ledgers channel state with
            | ValueSome(struct (left, right)) ->
                not (carries target right state || (left |> ValueOption.exists (fun ledger -> carries target ledger state)))
            | ValueNone -> false
        else
            NodeState.isGivenUp target state
            && Terms.role channel.Terms <> Intermediary
            && Channel.mayGiveBack channel
            && (Channel.completeFinal channel).IsNone

    /// Whether we have done with it on this ledger.
    let isOver ledger (channel: Channel) (state: NodeState) =
        (NodeState.isGivenUp channel.Terms.Id state && Channel.mayGiveBack channel)
        || (isLetGo channel state
            && (match ledgers channel state with
                | ValueSome(struct (left, right)) -> ledger = right || (ValueSome ledger = left && not (carries channel.Terms.Id right state))
                | ValueNone -> false))

    /// Whether the neighbour would let its guarantee go: a removal that it does not agree to would lie in the ledger's queue, and nothing
    /// behind it would ever be agreed. Who is on our left gets back all that it put in. A hub on our right says whether its post-fund
    /// binds it; of go-nitro's nodes, but for a payer, that is known by the post-fund alone.
    let mayAsk (channel: Channel) neighbour =
        let terms = channel.Terms
        let isUnsigned = (Channel.signedBy neighbour Turn.postFund channel).IsNone

        neighbour = 0
        || (Channel.completeFinal channel).IsSome
        || List.contains terms.Parties[neighbour] channel.GivenUpBy
        || (match terms.Dialect with
            | Nitro -> neighbour < terms.MyIndex || (neighbour = terms.Last && isUnsigned)
            | GoNitro -> isUnsigned)
