namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What a peer's signed state leads to.
module internal DecideState =
    let private offend code detail = Offend { Code = code; Detail = detail }

    /// Those of the signatures whose participant stands under another state of this turn here.
    let private contradicted (channel: Channel) (state: SignedState) =
        let turn = state.Variable.Turn

        state.Signatures
        |> List.filter (fun (party, _) ->
            party <> channel.Terms.MyIndex
            && Channel.signedBy party turn channel |> Option.exists (fun seen -> seen.Hash <> state.Hash))
        |> List.map fst

    /// Stores the signatures on a state that is already seen, one signed hash per participant and turn.
    let private storeSignatures (turning: Turning) sender (channel: Channel) (state: SignedState) =
        let turn = state.Variable.Turn

        match contradicted channel state with
        | [] ->
            for party, signature in state.Signatures do
                match NodeState.channel channel.Terms.Id turning.State with
                // Our own only where we may have forgotten it: then no other is made for this turn.
                | ValueSome current when
                    (party <> channel.Terms.MyIndex || turning.State.Restored || NodeState.isStale channel turning.State)
                    && (Channel.signedBy party turn current).IsNone
                    ->
                    turning.Add(StateSigned(channel.Terms.Id, turn, state.Hash, party, signature))
                | _ -> ()

            Take
        | parties when parties |> List.exists (fun party -> channel.Terms.Parties[party] = sender) ->
            offend "equivocation" $"the sender signed two states for turn {turn}"
        // Who passes on what a third one signed twice has done nothing wrong, and cannot know.
        | _ -> Take

    let private mayCharge (turning: Turning) sender =
        let record = NodeState.peer sender turning.State
        let limits = turning.Settings.Limits

        record.Unapproved < limits.OpenObjectivesPerPeer
        // No peer may use up the whole node.
        && record.OpenCount < limits.OpenObjectives / 2
        && turning.State.OpenCount < limits.OpenObjectives

    let private reject (turning: Turning) goal sender (terms: Terms) reason =
        turning.Add(ChannelAdded terms)
        turning.Add(ObjectiveOpened(goal, Peer sender, ValueNone))
        turning.Add(ObjectiveEnded(Goal.id goal, Rejected reason))
        Promise.tell turning sender (RejectionOf(Goal.id goal))
        Take

    let private accept (turning: Turning) goal sender (terms: Terms) deadline (state: SignedState) =
        turning.Add(ChannelAdded terms)
        turning.Add(ObjectiveOpened(goal, Peer sender, deadline))

        match turning.Settings.Policy.Mode with
        | Automatic -> turning.Add(GoalApproved(Goal.id goal))
        | Manual -> ()

        match NodeState.channel terms.Id turning.State with
        | ValueSome channel -> storeSignatures turning sender channel state
        | ValueNone -> Take

    let private signedByLeader (state: SignedState) = state.Signatures |> List.exists (fun (party, _) -> party = 0)

    /// A proposal that we will not even name as a channel of ours.
    let private decline (turning: Turning) sender objective =
        Promise.tell turning sender (RejectionOf objective)
        Take

    let private openLedger (turning: Turning) sender (objective: ObjectiveId) (state: SignedState) =
        let settings = turning.Settings

        match Opening.ledgerTerms settings state.Fixed state.Variable.Outcome with
        | Error _ -> decline turning sender objective
        | Ok terms when State.hash terms.Id (Terms.preFund terms) <> state.Hash && terms.MyIndex > 0 -> decline turning sender objective
        | Ok terms when terms.MyIndex = 0 -> TakingOver.openingLedger turning sender objective terms state
        | Ok _ when not (signedByLeader state) -> offend "unsigned" "the pre-fund lacks its sender's signature"
        | Ok _ when not (mayCharge turning sender) -> NotNow "too many open objectives"
        | Ok terms ->
            let goal = DirectFund terms.Id

            match Opening.policy settings sender terms |> Result.bind (fun () -> Opening.ledger settings turning.State terms) with
            | Error reason -> reject turning goal sender terms reason
            | Ok() ->
                let taking = accept turning goal sender terms ValueNone state
                // It may be one that we have forgotten, and what the chain showed of it was nothing to us.
                if settings.DialectOf sender = Nitro && turning.State.Restored then turning.Add(HoldingsDoubted(terms.Id, 0UL))
                taking

    let private openVirtual (turning: Turning) sender (objective: ObjectiveId) (state: SignedState) =
        let settings = turning.Settings

        let isOwn party = state.Signatures |> List.exists (fun (index, _) -> index = party)

        match Opening.virtualTerms settings state.Fixed state.Variable.Outcome with
        | Error _ -> decline turning sender objective
        | Ok terms when
            terms.Dialect = Nitro
            && (isOwn terms.MyIndex || TakingOver.isCarried turning terms)
            && State.hash terms.Id (Terms.preFund terms) = state.Hash
            ->
            TakingOver.forgottenOpening turning sender objective terms state
        | Ok terms when terms.MyIndex = 0 -> offend "not-yours" "participant[0] should not construct objectives from peer messages"
        | Ok terms when State.hash terms.Id (Terms.preFund terms) <> state.Hash -> decline turning sender objective
        // Else anybody could have us keep capacity free in somebody else's name. A go-nitro peer would not tell it again.
        | Ok terms when terms.Dialect = Nitro && not (signedByLeader state) -> NotNow "the payer has not signed the pre-fund"
        | Ok _ when not (mayCharge turning sender) -> NotNow "too many open objectives"
        | Ok terms when TakingOver.isUnsettled turning terms -> NotNow "a ledger that would carry it is not in its newest state yet"
        | Ok terms ->
            let ledgers =
                Opening.policy settings sender terms
                |> Result.bind (fun () -> Opening.virtualLedgers settings turning.State terms)

            match ledgers with
            | Error reason -> reject turning (VirtualFund(terms.Id, ValueNone, ValueNone)) sender terms reason
            | Ok(struct (left, right)) ->
                let deadline = turning.At.PlusSeconds settings.Limits.OpeningSeconds
                accept turning (VirtualFund(terms.Id, left, right)) sender terms (ValueSome deadline) state

    /// Another opening of a payment channel, signed by its sender, who is not the payer.
    let private contradicts (channel: Channel) sender (state: SignedState) =
        let parties = channel.Terms.Parties

        not channel.Terms.IsLedger
        && sender <> channel.Terms.Payer
        && state.Variable.Turn <= Turn.postFund
        && not state.Variable.IsFinal
        && (state.Signatures |> List.exists (fun (party, _) -> parties[party] = sender))

    /// The payer has told the sender something else than us. Which of them lies we cannot know, and need not.
    let private giveUp (turning: Turning) sender objective =
        Undo.abandon turning objective "conflicting-opening: the payer's pre-fund differs from what another participant has signed" true
        decline turning sender objective

    let private isGivenUp (objective: ObjectiveId) (state: NodeState) =
        match NodeState.objective objective state with
        | ValueSome { Ending = ValueSome(Rejected _) } -> true
        | ValueSome _
        | ValueNone -> NodeState.isGivenUp objective.Channel state

    let private opening (turning: Turning) sender (objective: ObjectiveId) (state: SignedState) openNew =
        match NodeState.channel objective.Channel turning.State with
        | ValueNone when NodeState.isForgotten objective.Channel turning.State -> Take
        | ValueNone when state.Variable.Turn = Turn.preFund && not state.Variable.IsFinal -> openNew turning sender objective state
        | ValueNone when state.Variable.Turn = Turn.postFund && objective.Kind = VirtualFunding -> TakingOver.channel turning sender objective state
        | ValueNone when state.Variable.Turn = Turn.postFund && objective.Kind = DirectFunding -> TakingOver.forgottenLedger turning sender objective state
        | ValueNone -> NotNow "the channel is not known yet"
        | ValueSome channel ->
            match Channel.tryHash state.Variable.Turn state.Hash channel, NodeState.objective objective turning.State with
            | Some _, ValueSome { Ending = ValueSome(Rejected _) } when not (Channel.hasSigned Turn.preFund channel) ->
                // Whoever comes late hears what the others heard.
                decline turning sender objective
            | Some seen, _ when not seen.Variable.IsFinal ->
                // Who still signs what is given up here may not have heard of it, and could wait for ever: for a virtual channel's opening
                // once the post-fund is signed, since it has no deadline then; for a ledger's always.
                let isLate = (channel.Terms.IsLedger || seen.Variable.Turn = Turn.postFund) && isGivenUp objective turning.State
                if isLate then Promise.tell turning sender (RejectionOf objective)

                // What was given back can not be opened by a signature that was kept until now.
                if isLate && GivingBack.isGivenBack channel turning.State then Take
                else storeSignatures turning sender channel state
            | None, ValueSome record when contradicts channel sender state && record.Ending <> ValueSome Completed ->
                giveUp turning sender objective
            | _ -> offend "unexpected-state" "the state is not one of the channel's opening states"

    /// A ledger's final state: exactly what was last agreed, one turn later, or it is not looked at.
    let private ledgerFinal (turning: Turning) sender (objective: ObjectiveId) (state: SignedState) =
        match NodeState.channel objective.Channel turning.State with
        | ValueSome({ Ledger = ValueSome ledger } as channel) ->
            let terms = channel.Terms
            let goal = DirectDefund terms.Id
            let expected = Ledger.toVariable terms.Dialect (ledger.AgreedTurn + 1UL) true ledger.Agreed
            let isKnown = (Channel.tryHash state.Variable.Turn state.Hash channel).IsSome
            let isFree = LedgerChannel.isFree ledger

            /// One that was rejected is asked for again.
            let beginClosing () =
                match NodeState.objective (Goal.id goal) turning.State with
                | ValueNone
                | ValueSome { Ending = ValueSome(Rejected _) } ->
                    turning.AddAll [ ObjectiveOpened(goal, Peer sender, ValueNone); GoalApproved(Goal.id goal) ]
                | ValueSome _ -> ()

            if isKnown then
                if State.hash terms.Id expected = state.Hash && LedgerChannel.isIdle ledger && isFree then beginClosing ()

                match NodeState.channel terms.Id turning.State with
                | ValueSome current -> storeSignatures turning sender current state
                | ValueNone -> Take
            elif State.hash terms.Id expected <> state.Hash then
                if LedgerChannel.isIdle ledger then offend "unexpected-final" "the final state is not what was last agreed"
                else NotNow "proposals are still on their way"
            elif not (LedgerChannel.isIdle ledger) then
                NotNow "proposals are still on their way"
            elif not isFree then
                decline turning sender objective
            else
                beginClosing ()
                turning.Add(StateSeen(terms.Id, expected))

                match NodeState.channel terms.Id turning.State with
                | ValueSome current -> storeSignatures turning sender current state
                | ValueNone -> Take
        | ValueNone when NodeState.isForgotten objective.Channel turning.State -> Take
        | ValueSome _
        | ValueNone -> NotNow "the ledger is not known or not open yet"

    /// Signed by us, and gone from the journal.
    let private isOwnForgotten (turning: Turning) (channel: Channel) (state: SignedState) =
        (turning.State.Restored || NodeState.isStale channel turning.State)
        && state.Signatures |> List.exists (fun (party, _) -> party = channel.Terms.MyIndex)

    let private mayTake (channel: Channel) paid =
        match channel.Payments with
        | ValueSome payments -> payments.Role <> Payee || paid >= payments.Best
        | ValueNone -> false

    /// A payment channel's final state. The payer takes nobody's but its own; the others take what is balanced and keeps to the opening.
    let private virtualFinal (turning: Turning) sender (objective: ObjectiveId) (state: SignedState) =
        let funding = NodeState.objective { Kind = VirtualFunding; Channel = objective.Channel } turning.State

        match NodeState.channel objective.Channel turning.State, funding with
        | ValueSome channel, ValueSome funding when not channel.Terms.IsLedger ->
            let known = (Channel.tryHash state.Variable.Turn state.Hash channel).IsSome

            match Rules.virtualFinal channel.Terms.Opening state.Variable with
            | Error _ when sender <> channel.Terms.Payer && not (Channel.isOpen channel) ->
                // It may be right where the opening was another: see `contradicts`.
                giveUp turning sender (Goal.id funding.Goal)
            | Error reason -> offend "bad-final" reason
            | Ok _ when channel.Terms.MyIndex = 0 && not known && not (isOwnForgotten turning channel state) -> offend "unexpected-final" "the payer has not signed this final state"
            | Ok _ when not (Channel.hasSigned Turn.preFund channel || Channel.hasSigned Turn.postFund channel) -> NotNow "the payment channel is not agreed yet"
            | Ok paid when not paid.IsZero && not (Channel.hasSigned Turn.postFund channel) && NodeState.isStale channel turning.State ->
                NotNow "our journal was restored: first we must know what we signed"
            | Ok paid when
                not paid.IsZero
                && (not (Channel.hasSigned Turn.postFund channel) || GivingBack.isGivenBack channel turning.State)
                ->
                // Only one of our ledgers may carry the guarantee yet: what is paid out of it would not come in on the other side. And what
                // was given back pays nobody. The payer knows either; another may have been taken in, and tells it again in case we sign later.
                if sender = channel.Terms.Payer then offend "early-final" "nothing can have been paid before the post-fund is complete"
                else Take
            | Ok _ when not known && not (state.Signatures |> List.exists (fun (party, _) -> party = 0)) ->
                NotNow "the payer has not signed this final state"
            | Ok paid ->
                // Told again, one that we would not sign does not begin the closing anew each time.
                if (contradicted channel state).IsEmpty then
                    if not known || mayTake channel paid then Undo.openDefund turning (Peer sender) funding
                    if not known then turning.Add(StateSeen(channel.Terms.Id, state.Variable))

                match NodeState.channel channel.Terms.Id turning.State with
                | ValueSome current -> storeSignatures turning sender current state
                | ValueNone -> Take
        | ValueNone, _ when NodeState.isForgotten objective.Channel turning.State -> Take
        | _ -> NotNow "the payment channel is not known yet"

    /// A state that brings nothing new, from a peer that lacks our signature on it: it has lost what we told it, and the objective
    /// is over here, so that nothing else would tell it again. An answer carries the asker's signature too: it is not answered.
    /// Not within the time in which a mere duplicate may still be on its way, and never to go-nitro, which a repeat stops.
    let private answerRepeat (turning: Turning) sender (objective: ObjectiveId) (state: SignedState) =
        match NodeState.channel objective.Channel turning.State, NodeState.objective objective turning.State with
        | ValueSome channel, ValueSome { Ending = ValueSome Completed } when
            channel.Terms.Dialect = Nitro && (channel.MovedAt.PlusSeconds Pace.retellSeconds).Micros <= turning.At.Micros
            ->
            let me = channel.Terms.MyIndex
            let carriesOurs = state.Signatures |> List.exists (fun (party, _) -> party = me)

            match Channel.tryHash state.Variable.Turn state.Hash channel with
            | Some seen when seen.Signatures.ContainsKey me && not carriesOurs ->
                Promise.tell turning sender (AllSignaturesOf(objective, state.Variable.Turn, state.Hash))
            | _ -> ()
        | _ -> ()

    let private isParty sender (state: SignedState) = List.contains sender state.Fixed.Participants

    let decide (turning: Turning) sender (objective: ObjectiveId) (state: SignedState) : Taking =
        if FixedPart.channelId state.Fixed <> objective.Channel then
            offend "id-mismatch" "the objective is not about this channel"
        elif not (isParty sender state) || not (isParty turning.Settings.Me state) then
            offend "not-a-participant" "sender and receiver must both be participants"
        else
            let before = turning.Facts.Count

            let taking =
                match objective.Kind with
                | DirectFunding when state.Variable.Turn > Turn.postFund && not state.Variable.IsFinal -> TakingOver.ledger turning sender state
                | DirectFunding -> opening turning sender objective state openLedger
                | VirtualFunding -> opening turning sender objective state openVirtual
                | DirectDefunding -> ledgerFinal turning sender objective state
                | VirtualDefunding -> virtualFinal turning sender objective state

            match taking with
            | Take when turning.Facts.Count = before -> answerRepeat turning sender objective state
            | Take
            | NotNow _
            | Offend _ -> ()

            taking
