namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// How an objective is given up without losing what stands in the ledgers.
module internal Undo =
    /// A signature that is under way counts: it may exist already.
    let private signedPostFund id (state: NodeState) =
        match NodeState.channel id state with
        | ValueSome channel -> Channel.hasSigned Turn.postFund channel || NodeState.isSigning id Turn.postFund state
        | ValueNone -> false

    /// What has no turn yet needs none.
    let unwant (turning: Turning) (objective: ObjectiveId) (record: ObjectiveRecord) =
        for ledger in Goal.ledgers record.Goal do
            match NodeState.channel ledger turning.State with
            | ValueSome { Ledger = ValueSome l } when l.WantedTargets.Contains objective.Channel ->
                turning.Add(ProposalUnwanted(ledger, objective.Channel))
            | _ -> ()

    /// The half-open channel's guarantees go back. Only while our post-fund is unsigned: after that a final state is the way out.
    let private takeBack (turning: Turning) (objective: ObjectiveId) (record: ObjectiveRecord) reason =
        if record.Undoing.IsNone then
            turning.Add(OpeningUndone(objective, reason))
            unwant turning objective record

    /// No closing runs or is done. One that was rejected may be asked for again, by anybody.
    let lacksDefund id (state: NodeState) =
        match NodeState.objective { Kind = VirtualDefunding; Channel = id } state with
        | ValueNone
        | ValueSome { Ending = ValueSome(Rejected _) } -> true
        | ValueSome _ -> false

    let openDefund (turning: Turning) origin (funding: ObjectiveRecord) =
        match funding.Goal with
        | VirtualFund(id, left, right) ->
            let goal = VirtualDefund(id, left, right)
            let hasSigned turn = NodeState.channel id turning.State |> ValueOption.exists (Channel.hasSigned turn)
            // Of a channel that was taken over the pre-fund may not be there.
            let takesPart = hasSigned Turn.preFund || hasSigned Turn.postFund

            if takesPart && lacksDefund id turning.State then
                turning.AddAll [ ObjectiveOpened(goal, origin, ValueNone); GoalApproved(Goal.id goal) ]
        | DirectFund _
        | DirectDefund _
        | VirtualDefund _ -> ()

    /// With our post-fund signed, when the paying side took its guarantee back: the closing gives back what there is. The other side may
    /// not have heard.
    let letGo (turning: Turning) (objective: ObjectiveId) (record: ObjectiveRecord) reason =
        Promise.rejectionToAll turning objective
        openDefund turning record.Origin record
        Promise.endRejected turning objective reason

    /// The other side of a ledger has signed a removal as if the channel had never been: it never signed the post-fund and now cannot.
    /// A final state may never come, and the removal bars the ledger's queue, so its side is given back here too.
    let yieldTo (turning: Turning) (proposal: Proposal) =
        let objective = { Kind = VirtualFunding; Channel = proposal.Target }
        let reason = "the other side took the guarantee back"

        match NodeState.channel proposal.Target turning.State, NodeState.objective objective turning.State with
        | ValueSome channel, ValueSome record when GivingBack.isLetGo channel turning.State ->
            if record.Ending.IsNone then letGo turning objective record reason
            else openDefund turning record.Origin record
        | ValueSome channel, ValueSome({ Ending = ValueNone; Undoing = ValueNone } as record) when
            proposal = Channel.givingBack channel && (Channel.completeFinal channel).IsNone && Channel.mayGiveBack channel
            ->
            let isHub = Terms.role channel.Terms = Intermediary
            let hasVoucher = channel.Payments |> ValueOption.exists (fun payments -> not payments.Best.IsZero)

            // While the signer has our post-fund, its answer comes first: a hub's binds it, and so does a payee's with a voucher in hand.
            if not ((isHub || hasVoucher) && signedPostFund channel.Terms.Id turning.State) then
                // The hub's other side may not have heard.
                if isHub then Promise.rejectionToAll turning objective
                takeBack turning objective record reason
        | _ -> ()

    /// Ends the opening of a virtual channel early, in the way its progress allows.
    let opening (turning: Turning) (objective: ObjectiveId) (record: ObjectiveRecord) reason =
        let isLetGo = NodeState.channel objective.Channel turning.State |> ValueOption.exists (fun channel -> GivingBack.isLetGo channel turning.State)

        if not record.Approved then Promise.endRejected turning objective reason
        elif isLetGo then letGo turning objective record reason
        elif signedPostFund objective.Channel turning.State then
            // Once: a closing that failed is taken up again by a final state or a request for one, not by saying again that the opening did.
            if (NodeState.objective { Kind = VirtualDefunding; Channel = objective.Channel } turning.State).IsNone then
                openDefund turning record.Origin record
        else takeBack turning objective record reason

    /// Our pre-fund signature is out, and on its strength the other side puts its money in before we put in ours.
    let private mayBeDepositing (channel: Channel) =
        let leaderIsFirst = not channel.Terms.Opening.LeaderBalance.IsZero
        Channel.hasSigned Turn.preFund channel && leaderIsFirst <> Channel.isLeader channel

    /// A direct opening can be dropped until our money is on its way, or the other side's may be: unless that side drops it too.
    let canDropDirect (state: NodeState) id isDroppedThere =
        match NodeState.channel id state with
        | ValueSome channel ->
            channel.Chain.Held.IsZero
            && (isDroppedThere || not (mayBeDepositing channel))
            && not (Channel.hasSigned Turn.postFund channel)
            && not (Table.containsKey (HoldingsSlot id) state.Outbox.Slots)
        | ValueNone -> true

    let private isFinalOut (state: NodeState) id =
        match NodeState.channel id state with
        | ValueSome channel -> NodeState.isFinalOut channel state
        | ValueNone -> false

    let timeout = "timeout: the opening was not complete in time"

    /// The objective cannot reach its goal; `tell`: the others should know, else it is they who say so.
    let abandon (turning: Turning) (objective: ObjectiveId) reason tell =
        match NodeState.openObjective objective turning.State with
        | ValueNone -> ()
        | ValueSome record ->
            match record.Goal with
            | VirtualFund _ ->
                // Between our nodes it says that its sender lets the guarantees go: who has signed the post-fund asks for a final state.
                let isBound =
                    NodeState.channel objective.Channel turning.State
                    |> ValueOption.exists (fun channel -> channel.Terms.Dialect = Nitro && signedPostFund objective.Channel turning.State)

                if tell && record.Undoing.IsNone && not isBound then Promise.rejectionToAll turning objective
                opening turning objective record reason
            | DirectFund id ->
                if canDropDirect turning.State id (not tell) then
                    if tell then Promise.rejectionToAll turning objective
                    Promise.endRejected turning objective reason
            | DirectDefund id
            | VirtualDefund(id, _, _) ->
                // With our final signature out it goes on to the end: what was refused is tried again.
                if not (isFinalOut turning.State id) then
                    if tell then Promise.rejectionToAll turning objective
                    Promise.endRejected turning objective reason
