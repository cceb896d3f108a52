namespace Nitro.Engine

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// Takes over what the peers show that we have signed, and what our journal, an older copy, has lost. Nothing is believed that lacks our own
/// signature where ours belongs.
module internal TakingOver =
    let private isOurs (turning: Turning) (signatures: (int * Signature) list) (parties: Address list) =
        parties |> List.indexed |> List.forall (fun (party, _) -> signatures |> List.exists (fun (index, _) -> index = party))
        && List.contains turning.Settings.Me parties

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
    let ledger (turning: Turning) sender (state: SignedState) : Taking =
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
        // Beside it stood everybody's post-fund, which ends an opening that we did not know to be over: then this state is asked for.
        | ValueSome channel when
            turning.State.Restored
            && List.contains sender channel.Terms.Others
            && Channel.isOpen channel
            && (NodeState.openObjective { Kind = DirectFunding; Channel = channel.Terms.Id } turning.State).IsSome
            ->
            Standing.doubt turning channel.Terms.Id sender
            Take
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

                // Who told of it need not be who holds the vouchers, nor have told it now.
                for witness in StandingFolds.witnesses terms do Standing.doubt turning terms.Id witness

                Take
            else
                // No ledger of ours holds anything for it: it is over.
                Take
        | _ -> NotNow "the channel is not known yet"

    /// Open as far as a restored node can learn, and no ledger of ours has anything for it any more: it was closed, and nobody is left who knows
    /// its final state.
    let isOver (turning: Turning) id =
        let closing = NodeState.openObjective { Kind = VirtualDefunding; Channel = id } turning.State

        match NodeState.channel id turning.State, closing with
        | ValueSome channel, ValueSome closing ->
            let isFree ledger = World.unguaranteed "" ledger (Channel.givingBack channel) turning.World = Met []

            turning.State.Restored
            && not (NodeState.isStale channel turning.State)
            && Channel.isOpen channel
            && (NodeState.openObjective { Kind = VirtualFunding; Channel = id } turning.State).IsNone
            && Goal.ledgers closing.Goal |> List.forall isFree
        | _ -> false

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
