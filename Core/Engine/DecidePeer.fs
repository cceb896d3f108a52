namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What a peer's message leads to. A message is taken whole or not at all.
module internal DecidePeer =
    let private offend code detail = Offend { Code = code; Detail = detail }

    let private voucher (turning: Turning) sender (voucher: Voucher) signature signer =
        match NodeState.channel voucher.Channel turning.State with
        | ValueSome({ Payments = ValueSome payments } as channel) when
            payments.Role = Payer && sender = channel.Terms.Payee && signer = turning.Settings.Me
            ->
            TakingOver.voucher turning voucher signature payments
            Take
        | ValueSome({ Payments = ValueSome payments } as channel) ->
            match Payments.checkReceive voucher (ValueSome signer) payments with
            | _ when sender <> payments.Payer -> offend "not-the-payer" "the voucher does not come from the channel's payer"
            | Error reason -> offend "bad-voucher" reason
            | Ok delta when delta.IsZero || NodeState.isFinalOut channel turning.State || GivingBack.isGivenBack channel turning.State -> Take
            | Ok _ ->
                // Before the post-fund is complete it is kept, and counts from then on: see Views.
                turning.Add(VoucherReceived(voucher.Channel, voucher.Total, signature))
                Take
        | ValueNone when NodeState.isForgotten voucher.Channel turning.State -> Take
        | _ -> NotNow "the payment channel is not known yet"

    let private virtualFinalWanted (turning: Turning) sender (objective: ObjectiveId) (channel: Channel) =
        let funding = NodeState.objective { Kind = VirtualFunding; Channel = objective.Channel } turning.State

        match funding with
        | _ when channel.Terms.MyIndex <> 0 -> offend "not-the-payer" "only the payer signs the final state first"
        | _ when turning.IsAwaited channel -> NotNow "our journal was restored: first we must know what we signed"
        | ValueSome record when Undo.lacksDefund objective.Channel turning.State ->
            // Where the opening was not complete here, somebody who signed the post-fund still needs a final state
            // to let its guarantee go; one that pays nothing costs us nothing.
            if record.Ending.IsNone && not (Channel.isOpen channel) then
                Undo.opening turning (Goal.id record.Goal) record "the other side wants the channel closed"

            Undo.openDefund turning (Peer sender) record
            Take
        | _ -> Take

    let private ledgerFinalWanted (turning: Turning) sender (objective: ObjectiveId) (channel: Channel) =
        match channel.Ledger with
        | ValueSome _ when not (Channel.isLeader channel) -> offend "not-the-leader" "only the leader signs the final state first"
        | ValueSome _ when turning.IsAwaited channel -> NotNow "our journal was restored: first we must know what we signed"
        | ValueSome ledger ->
            match NodeState.objective objective turning.State with
            | ValueSome { Ending = ValueNone }
            | ValueSome { Ending = ValueSome Completed } -> ()
            | ValueSome _
            | ValueNone ->
                if LedgerChannel.isFree ledger then
                    turning.AddAll [ ObjectiveOpened(DirectDefund objective.Channel, Peer sender, ValueNone); GoalApproved objective ]
                else
                    Promise.tell turning sender (RejectionOf objective)

            Take
        | ValueNone -> NotNow "the ledger is not open yet"

    let private finalStateWanted (turning: Turning) sender (objective: ObjectiveId) =
        match NodeState.channel objective.Channel turning.State with
        | ValueSome channel when not (List.contains sender channel.Terms.Others) ->
            offend "not-a-participant" "the sender is not a participant of this channel"
        | ValueSome channel ->
            match objective.Kind with
            | VirtualDefunding -> virtualFinalWanted turning sender objective channel
            | DirectDefunding -> ledgerFinalWanted turning sender objective channel
            | DirectFunding
            | VirtualFunding -> offend "unexpected" "a final state belongs to closing"
        | ValueNone when NodeState.isForgotten objective.Channel turning.State -> Take
        | ValueNone -> NotNow "the channel is not known yet"

    /// Between our nodes: who gives an opening up says so, and hears, once, whether we do too.
    let private openingRejected (turning: Turning) sender (objective: ObjectiveId) (channel: Channel) =
        let isNews = channel.Terms.Dialect = Nitro && not (Channel.isOpen channel || List.contains sender channel.GivenUpBy)
        let isGivenUp () = NodeState.isGivenUp objective.Channel turning.State
        let before = isGivenUp ()

        if isNews then turning.Add(PeerGaveUp(objective.Channel, sender))
        Undo.abandon turning objective $"rejected by {sender}" false

        if isNews && before then Promise.tell turning sender (RejectionOf objective)
        elif isNews && isGivenUp () then Promise.rejectionToAll turning objective

    /// Honoured for what is not complete, from participants only.
    let private rejection (turning: Turning) sender (objective: ObjectiveId) =
        match NodeState.channel objective.Channel turning.State, NodeState.openObjective objective turning.State with
        | ValueSome channel, _ when not (List.contains sender channel.Terms.Others) ->
            offend "not-a-participant" "the sender is not a participant of this channel"
        | ValueSome channel, ValueSome _ ->
            let reason = $"rejected by {sender}"

            match objective.Kind with
            | VirtualFunding -> openingRejected turning sender objective channel
            | DirectFunding -> Undo.abandon turning objective reason false
            | DirectDefunding when not (NodeState.isFinalOut channel turning.State) -> Undo.abandon turning objective reason false
            | DirectDefunding
            | VirtualDefunding -> ()

            Take
        | ValueSome channel, ValueNone ->
            if objective.Kind = VirtualFunding then openingRejected turning sender objective channel

            // A hub of go-nitro's dialect is done once it has signed itself: what the others give up it can only close.
            (match NodeState.objective objective turning.State with
             | ValueSome({ Ending = ValueSome Completed } as funding) when objective.Kind = VirtualFunding && not (Channel.isOpen channel) ->
                 Undo.openDefund turning (Peer sender) funding
             | _ -> ())

            Take
        | ValueNone, _ -> Take

    /// `isWhole`: nothing was passed over that the same message says.
    let private item (turning: Turning) sender isWhole (item: PeerItem) : Taking =
        match item with
        | StateItem(objective, state) -> DecideState.decide turning sender objective state
        | FinalStateWantedItem objective -> finalStateWanted turning sender objective
        | ProposalItem said -> DecideProposal.decide turning sender said
        | VoucherItem(v, signature, signer) -> voucher turning sender v signature signer
        | RejectionItem objective -> rejection turning sender objective
        | StandingWantedItem(objective, since) -> Standing.wanted turning sender objective since
        | StandingItem(objective, since) ->
            if isWhole then Standing.answered turning sender objective.Channel since
            Take
        | LedgersWantedItem ->
            Standing.tellLedgers turning sender
            Take

    let private isStanding (all: PeerItem list) id =
        all |> List.exists (fun other -> match other with StandingItem(objective, _) -> objective.Channel = id | _ -> false)

    let private isAnswer (all: PeerItem list) = all |> List.exists (fun item -> match item with StandingItem _ -> true | _ -> false)

    /// Our journal was restored, and the sender's answers stand in its line behind this. What belongs to an opening or a closing it tells again, and
    /// an answer that cannot be taken in whole is asked for again.
    let private mayPass (turning: Turning) sender (all: PeerItem list) item =
        turning.State.Restored
        && (isAnswer all
            || (match item with
                | StateItem({ Kind = VirtualFunding | VirtualDefunding }, _) -> not (NodeState.peer sender turning.State).Stale.IsEmpty
                | _ -> false))

    /// Beside all that is held of a channel may stand what is nothing to us: of one that is over, or vouchers where we stand between.
    let private concerns (turning: Turning) (all: PeerItem list) item =
        match item with
        | VoucherItem(voucher, _, _) when isStanding all voucher.Channel ->
            NodeState.channel voucher.Channel turning.State |> ValueOption.exists (fun channel -> Terms.role channel.Terms <> Intermediary)
        | StateItem(objective, state) when state.Variable.IsFinal && isStanding all objective.Channel ->
            NodeState.channel objective.Channel turning.State
            |> ValueOption.exists (fun channel -> NodeState.isStale channel turning.State || not (NodeState.isGivenUp objective.Channel turning.State))
        | _ -> true

    let rec private items turning sender all isWhole left =
        match left with
        | [] -> Take
        | first :: rest when not (concerns turning all first) -> items turning sender all isWhole rest
        | first :: rest ->
            match item turning sender isWhole first with
            | Take -> items turning sender all isWhole rest
            | NotNow _ when mayPass turning sender all first -> items turning sender all false rest
            | taking -> taking

    /// Proposals up to the first that has to wait may count: the sender tells the whole queue again anyway.
    let decide (turning: Turning) (message: PeerMessage) : Taking =
        let limit = turning.Settings.Limits.UnfinishedPerPeer

        if Outbox.peerCount message.From turning.State.Outbox >= limit then NotNow "too many messages to this peer are unfinished"
        else items turning message.From message.Items true message.Items
