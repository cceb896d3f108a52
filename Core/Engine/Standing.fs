namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// What the receiver of a message says about it.
type internal Taking =
    | Take
    /// Not now: the sender keeps it and tells it again.
    | NotNow of why: string
    | Offend of Offence

/// After the journal was restored from an older copy: asks the peers what they hold, and takes over what they show that we signed.
/// Nothing is believed that lacks our own signature where ours belongs.
module internal Standing =
    /// So many channels are asked about in one step that its facts still fit one append.
    let private askedTogether = 128

    let private isOurs (turning: Turning) (signatures: (int * Signature) list) (parties: Address list) =
        parties |> List.indexed |> List.forall (fun (party, _) -> signatures |> List.exists (fun (index, _) -> index = party))
        && List.contains turning.Settings.Me parties

    /// What a peer could tell more of than we know; a ledger's opening goes on by itself.
    let private question (turning: Turning) id =
        match NodeState.channel id turning.State with
        | ValueNone -> ValueSome { Kind = VirtualFunding; Channel = id }
        | ValueSome channel when channel.Terms.Dialect = GoNitro -> ValueNone
        | ValueSome channel when channel.Terms.IsLedger ->
            if channel.Ledger.IsSome then ValueSome { Kind = DirectFunding; Channel = id } else ValueNone
        | ValueSome _ -> ValueSome { Kind = VirtualFunding; Channel = id }

    let ask (turning: Turning) address =
        (NodeState.peer address turning.State).Stale
        |> Seq.choose (fun id -> question turning id |> ValueOption.toOption)
        |> Seq.truncate askedTogether
        |> Seq.toList
        |> List.iter (fun objective -> Promise.tell turning address (StandingWanted objective))

    /// A ledger's other party has shown that there is more of it than we know: it is asked, once.
    let doubt (turning: Turning) (ledger: Channel) =
        if not (NodeState.isStale ledger turning.State) then
            turning.Add(ChannelDoubted(ledger.Terms.Id, Channel.counterparty ledger))
            ask turning (Channel.counterparty ledger)

    /// Whoever comes, as long as we know of no ledger with it: one may have been opened after the copy was made. It costs a stranger nothing to
    /// come, so nothing is remembered of it but the question, see `AskingSlot`.
    let askLedgers (turning: Turning) address =
        let state = turning.State

        if
            state.Restored
            && turning.Settings.DialectOf address = Nitro
            && ((NodeState.peer address state).Unasked || not (Table.containsKey address state.Ledgers))
        then
            Promise.tell turning address LedgersWanted

    /// Of a ledger also the payment channels that proposals on their way are for: who follows must know them first.
    let private tellStanding (turning: Turning) sender (objective: ObjectiveId) =
        Promise.tell turning sender (StandingOf objective)

        match NodeState.channel objective.Channel turning.State with
        | ValueSome { Ledger = ValueSome ledger } ->
            for target in ledger.Queue.Values |> Seq.map _.Proposal.Target |> Seq.distinct do
                Promise.tell turning sender (StandingOf { Kind = VirtualFunding; Channel = target })
        | _ -> ()

    /// What is still opening goes on from its pre-fund at who knows nothing of it.
    let tellLedgers (turning: Turning) sender =
        let ledgers = Table.tryFind sender turning.State.Ledgers |> ValueOption.defaultValue Map.empty

        for id in ledgers.Values do
            let objective = { Kind = DirectFunding; Channel = id }

            match NodeState.channel id turning.State with
            | ValueSome { Ledger = ValueSome _ } -> tellStanding turning sender objective
            | ValueSome channel ->
                Channel.complete Turn.preFund channel
                |> Option.iter (fun seen -> Promise.tell turning sender (AllSignaturesOf(objective, Turn.preFund, seen.Hash)))
            | ValueNone -> ()

    let private isConcerned (turning: Turning) sender (id: ChannelId) =
        match NodeState.channel id turning.State with
        | ValueSome channel -> List.contains sender channel.Terms.Others
        | ValueNone -> true

    /// Of a ledger that is still opening here it is told once that is over.
    let wanted (turning: Turning) sender (objective: ObjectiveId) : Taking =
        let isOpening =
            match NodeState.channel objective.Channel turning.State with
            | ValueSome channel ->
                channel.Terms.IsLedger
                && channel.Ledger.IsNone
                && (NodeState.openObjective { objective with Kind = DirectFunding } turning.State).IsSome
            | ValueNone -> false

        if not (isConcerned turning sender objective.Channel) then
            Offend
                { Code = "not-a-participant"
                  Detail = "the sender is not a participant of this channel" }
        elif isOpening then
            NotNow "the channel is still opening"
        else
            tellStanding turning sender objective
            Take

    /// An opening whose time went by while we did not know how far it had come.
    let private giveUpLate (turning: Turning) (id: ChannelId) =
        let objective = { Kind = VirtualFunding; Channel = id }

        match NodeState.channel id turning.State, NodeState.openObjective objective turning.State with
        | ValueSome channel, ValueSome { Deadline = ValueSome due; Undoing = ValueNone } when
            due.Micros <= turning.At.Micros
            && not (NodeState.isStale channel turning.State || Channel.hasSigned Turn.postFund channel)
            ->
            Undo.abandon turning objective Undo.timeout true
        | _ -> ()

    let confirm (turning: Turning) sender (id: ChannelId) =
        if (NodeState.peer sender turning.State).Stale.Contains id then
            turning.Add(ChannelConfirmed(id, sender))
            giveUpLate turning id

    /// Not while a peer may still tell us that we have signed more of it.
    let outOfTime (turning: Turning) (objective: ObjectiveId) =
        if not (NodeState.isStaleById objective.Channel turning.State) then Undo.abandon turning objective Undo.timeout true

    /// Wanted changes that are made already.
    let private unwant (turning: Turning) id (ledger: LedgerChannel) (agreed: LedgerOutcome) =
        for proposal in ledger.Wanted.Values |> Seq.toArray do
            let isDone =
                match proposal with
                | Add(guarantee, _) -> agreed.Guarantees.ContainsKey guarantee.Target
                | Remove(target, _) -> not (agreed.Guarantees.ContainsKey target)

            if isDone then turning.Add(ProposalUnwanted(id, proposal.Target))

    let private adopt (turning: Turning) (channel: Channel) (ledger: LedgerChannel) (state: SignedState) agreed =
        let id = channel.Terms.Id
        let signature party = state.Signatures |> List.find (fun (index, _) -> index = party) |> snd

        match ledger.Queue.TryFind state.Variable.Turn with
        | Some queued when queued.Hash = state.Hash && queued.LeaderSignature.IsSome -> turning.Add(ProposalAgreed(id, state.Variable.Turn, signature 1))
        | _ ->
            for KeyValue(turn, queued) in ledger.Queue do
                match Table.tryFind (SignPayload(LedgerUpdate(id, turn, queued.Hash))) turning.State.Outbox.Keys with
                | ValueSome effect -> turning.Add(IntentFinished(EffectId effect, Superseded))
                | ValueNone -> ()

            Promise.dropSlot turning (ProposalsSlot id)
            unwant turning id ledger agreed
            turning.Add(LedgerAdopted(id, state.Variable, signature 0, signature 1))

    /// A running ledger's state that both parties have signed.
    let ledger (turning: Turning) (state: SignedState) : Taking =
        match NodeState.channel (FixedPart.channelId state.Fixed) turning.State with
        | ValueSome({ Ledger = ValueSome ledger } as channel) when isOurs turning state.Signatures channel.Terms.Parties ->
            if state.Variable.Turn > ledger.AgreedTurn then
                match Ledger.tryRead channel.Terms.Dialect state.Variable.Outcome with
                | ValueSome agreed -> adopt turning channel ledger state agreed
                | ValueNone -> ()

            Take
        | ValueSome { Ledger = ValueSome _ } ->
            Offend
                { Code = "unexpected-state"
                  Detail = "a ledger's state counts when both have signed it" }
        | _ -> NotNow "the ledger is not known or not open yet"

    let private isForgottenOf (turning: Turning) (terms: Terms) expected (state: SignedState) =
        terms.Dialect = Nitro && State.hash terms.Id expected = state.Hash && isOurs turning state.Signatures terms.Parties

    /// The ledger as its state of this turn shows it; what it holds the chain must show first.
    let private bringBack (turning: Turning) sender (objective: ObjectiveId) (terms: Terms) (state: SignedState) ending : Taking =
        match Opening.ledger turning.Settings turning.State terms with
        | Error why -> NotNow why
        | Ok() ->
            turning.AddAll
                [ ChannelAdded terms
                  ObjectiveOpened(DirectFund terms.Id, Peer sender, ValueNone)
                  GoalApproved objective
                  for party, signature in state.Signatures do StateSigned(terms.Id, state.Variable.Turn, state.Hash, party, signature)
                  match ending with
                  | ValueSome ending -> ObjectiveEnded(objective, ending)
                  | ValueNone -> ()
                  HoldingsDoubted(terms.Id, 0UL)
                  ChannelDoubted(terms.Id, sender) ]

            Take

    /// A ledger that we know nothing of and lead. Where its pre-fund has our signature its opening goes on, from what the chain holds: what we
    /// deposited comes out no other way.
    let openingLedger (turning: Turning) sender (objective: ObjectiveId) (terms: Terms) (state: SignedState) : Taking =
        if isForgottenOf turning terms (Terms.preFund terms) state then
            bringBack turning sender objective terms state ValueNone
        elif turning.State.Restored && terms.Dialect = Nitro then
            NotNow "we have not proposed this ledger, as far as we know"
        else
            Offend
                { Code = "not-yours"
                  Detail = "participant[0] should not construct objectives from peer messages" }

    /// A ledger that we know nothing of, and whose post-fund we have signed: it was opened after the copy was made. Before it bears anything
    /// its other party must say, too, that there is nothing newer.
    let forgottenLedger (turning: Turning) sender (objective: ObjectiveId) (state: SignedState) : Taking =
        match Opening.ledgerTerms turning.Settings state.Fixed state.Variable.Outcome with
        | Ok terms when isForgottenOf turning terms (Terms.postFund terms) state -> bringBack turning sender objective terms state (ValueSome Completed)
        | _ -> NotNow "the channel is not known yet"

    let private carrier (turning: Turning) (terms: Terms) index =
        match NodeState.ledgerWith terms.Parties[index] terms.Opening.Asset turning.State with
        | ValueSome { Ledger = ValueSome ledger; Terms = found } -> ValueSome(struct (found.Id, ledger))
        | _ -> ValueNone

    let private neighbours (terms: Terms) =
        [ if terms.MyIndex > 0 then terms.MyIndex - 1
          if terms.MyIndex < terms.Last then terms.MyIndex + 1 ]

    /// A ledger that would carry it may have more in it than we know, or may be one that we know nothing of yet.
    let isUnsettled (turning: Turning) (terms: Terms) =
        terms.Dialect = Nitro
        && neighbours terms
           |> List.exists (fun index ->
               match NodeState.ledgerWith terms.Parties[index] terms.Opening.Asset turning.State with
               // What is in doubt since the restore the chain shows soon.
               | ValueSome ledger -> NodeState.isStale ledger turning.State || (turning.State.Restored && ledger.Chain.Doubtful)
               | ValueNone -> turning.State.Restored)

    /// One of our ledgers has its guarantee already, or is about to.
    let isCarried (turning: Turning) (terms: Terms) =
        let has side =
            match side with
            | ValueSome(struct (_, ledger: LedgerChannel)) -> ledger.Agreed.Guarantees.ContainsKey terms.Id || LedgerChannel.isQueued terms.Id ledger
            | ValueNone -> false

        neighbours terms |> List.exists (carrier turning terms >> has)

    let private goal (turning: Turning) (terms: Terms) =
        let ledger isThere index = if isThere then carrier turning terms index |> ValueOption.map (fun struct (id, _) -> id) else ValueNone
        VirtualFund(terms.Id, ledger (terms.MyIndex > 0) (terms.MyIndex - 1), ledger (terms.MyIndex < terms.Last) (terms.MyIndex + 1))

    /// The pre-fund of a payment channel that we know nothing of, with our own signature on it or our money set aside for it: its opening goes on,
    /// once its witnesses have said how far it had come.
    let forgottenOpening (turning: Turning) sender (objective: ObjectiveId) (terms: Terms) (state: SignedState) : Taking =
        if isUnsettled turning terms || neighbours terms |> List.exists (fun index -> (carrier turning terms index).IsNone) then
            NotNow "a ledger that carries it is not known, or not in its newest state yet"
        else
            let deadline = turning.At.PlusSeconds turning.Settings.Limits.OpeningSeconds

            turning.AddAll
                [ ChannelAdded terms
                  ObjectiveOpened(goal turning terms, Peer sender, ValueSome deadline)
                  GoalApproved objective
                  for party, signature in state.Signatures do StateSigned(terms.Id, Turn.preFund, state.Hash, party, signature)
                  for witness in StandingFolds.witnesses terms do ChannelDoubted(terms.Id, witness) ]

            Take

    /// A payment channel that we know nothing of, and whose post-fund we have signed: it was opened after the copy was made.
    let channel (turning: Turning) sender (objective: ObjectiveId) (state: SignedState) : Taking =
        match Opening.virtualTerms turning.Settings state.Fixed state.Variable.Outcome with
        | Ok terms when
            State.hash terms.Id (Terms.postFund terms) = state.Hash
            && isOurs turning state.Signatures terms.Parties
            && not (NodeState.isForgotten terms.Id turning.State)
            ->
            let sides = neighbours terms |> List.map (carrier turning terms)
            if isUnsettled turning terms || sides |> List.exists _.IsNone then
                NotNow "a ledger that carries it is not known, or not in its newest state yet"
            elif isCarried turning terms then
                turning.AddAll [ ChannelAdded terms; ObjectiveOpened(goal turning terms, Peer sender, ValueNone); GoalApproved objective ]

                for party, signature in state.Signatures do
                    turning.Add(StateSigned(terms.Id, Turn.postFund, state.Hash, party, signature))

                // Who told of it need not be who holds the vouchers.
                for witness in StandingFolds.witnesses terms do
                    if witness <> sender then
                        turning.Add(ChannelDoubted(terms.Id, witness))
                        ask turning witness

                Take
            else
                // No ledger of ours holds anything for it: it is over.
                Take
        | _ -> NotNow "the channel is not known yet"

    /// A voucher of our own, from whom we gave it to: what we have spent is at least that.
    let voucher (turning: Turning) (voucher: Voucher) signature (payments: Payments) =
        if voucher.Total > payments.Issued && voucher.Total <= payments.Start then
            Promise.dropSlot turning (VoucherSigningSlot voucher.Channel)
            turning.Add(VoucherIssued(voucher.Channel, voucher.Total, signature))

    /// A countersignature on a turn that we know nothing of, right behind what we know.
    let isForgottenTurn (turning: Turning) (channel: Channel) (ledger: LedgerChannel) (said: SignedProposal) =
        channel.Terms.Dialect = Nitro
        && said.Turn = LedgerChannel.lastTurn ledger + 1UL
        && (match Ledger.apply said.Proposal (LedgerChannel.proposed ledger) with
            | Ok after ->
                let hash = State.hash channel.Terms.Id (Ledger.toVariable channel.Terms.Dialect said.Turn false after)
                turning.Settings.Recover.Invoke(Digest.personal hash, said.Signature) = ValueSome(Channel.counterparty channel)
            | Error _ -> false)
