namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol
open Known
open ObjectiveFolds
open RequestFolds
open OutboxFolds

/// Everything a node knows: how it is asked, and how facts change it.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal NodeState =
    let empty = Known.empty
    let channel id (state: NodeState) = Known.channel id state
    let objective id (state: NodeState) = Known.objective id state
    let openObjective id (state: NodeState) = Known.openObjective id state

    /// Over, and known to have been; nothing else is known of it any more.
    let isForgotten id (state: NodeState) = Table.containsKey id state.Tombstones

    /// We have asked the signer for a state of this turn and not had the answer.
    let isSigning id turn (state: NodeState) =
        match channel id state with
        | ValueSome c ->
            Channel.at turn c
            |> List.exists (fun seen -> Outbox.isUnfinished (SignPayload(OwnState(id, turn, seen.Hash))) state.Outbox)
        | ValueNone -> false

    /// The channel's opening is being undone, or was.
    let isGivenUp id (state: NodeState) =
        match objective { Kind = VirtualFunding; Channel = id } state with
        | ValueSome { Undoing = ValueSome _ }
        | ValueSome { Ending = ValueSome(Rejected _) } -> true
        | ValueSome _
        | ValueNone -> false

    /// Our final state is signed or about to be: no voucher counts any more, no proposal follows, no closing is taken back.
    let isFinalOut (c: Channel) (state: NodeState) =
        let isOut (seen: SeenState) =
            seen.Signatures.ContainsKey c.Terms.MyIndex
            || Outbox.isUnfinished (SignPayload(OwnState(c.Terms.Id, seen.Variable.Turn, seen.Hash))) state.Outbox

        (Channel.tryFinal isOut c).IsSome

    let peer address (state: NodeState) = Known.peer address state

    /// The open or opening ledger with the peer, one to an asset.
    let ledgerWith peer asset (state: NodeState) = Known.ledgerWith peer asset state |> ValueOption.bind (fun id -> channel id state)

    /// We may have signed more in it than we know: until its peers have said what they hold, nothing is signed that adds exposure.
    let isStale (c: Channel) (state: NodeState) =
        c.Terms.Others |> List.exists (fun address -> (Known.peer address state).Stale.ContainsKey c.Terms.Id)

    /// Whether that is so of the channel of this id, if there is one.
    let isStaleById id (state: NodeState) = channel id state |> ValueOption.exists (fun c -> isStale c state)

    let private signState (at: Instant) id turn hash party signature (state: NodeState) =
        let stored = state |> onChannel id (Channel.sign turn hash party signature >> Channel.succeeded >> Channel.moved at)
        let isOwn = channel id stored |> ValueOption.exists (fun c -> c.Terms.MyIndex = party)
        let signed = if isOwn then finishSigning (OwnState(id, turn, hash)) stored else stored

        match channel id signed with
        | ValueSome c when c.Terms.IsLedger && turn > Turn.postFund && c.Terms.MyIndex <> 0 && (Channel.completeFinal c).IsSome ->
            wake (at.PlusSeconds Pace.concludeInsteadSeconds) (ConcludeInstead id) signed
        | ValueSome c when not c.Terms.IsLedger && turn = Turn.postFund && party = c.Terms.MyIndex ->
            dropDeadline { Kind = VirtualFunding; Channel = id } signed
        | _ -> signed

    /// What a fact changes, but for the position.
    let change (state: NodeState) (at: Instant) (fact: Fact) : NodeState =
        match fact with
        | RequestBound(request, content, objective) -> remember at request content (Bound objective) state
        | PaymentReserved(request, content, channelId, amount, kind) ->
            let total =
                match channel channelId state with
                | ValueSome { Payments = ValueSome payments } -> Amount.addSaturated payments.Reserved amount
                | _ -> amount

            state
            |> remember at request content (Payment(channelId, amount, total, kind, ValueNone))
            |> onChannel channelId (Channel.onPayments (Payments.reserve request amount kind))
        | PaymentRefused(request, channelId, tag) -> refusePayment request channelId tag state
        | ObjectiveOpened(goal, origin, deadline) -> openGoal at goal origin deadline state
        | GoalApproved id -> approve id state |> onChannel id.Channel (Channel.moved at)
        | OpeningUndone(id, reason) -> undo id reason state |> onChannel id.Channel (Channel.moved at)
        | PeerGaveUp(id, peer) -> onChannel id (Channel.givenUp peer) state
        | ObjectiveEnded(id, ending) -> endObjective id ending state
        | ChannelAdded terms ->
            if Table.containsKey terms.Id state.Channels then
                state
            else
                let added = { state with Channels = Table.add terms.Id (Channel.create at terms) state.Channels }

                let peer, asset = List.head terms.Others, terms.Opening.Asset

                // The first keeps its place: a second one is on record only because it was rejected.
                if terms.IsLedger && (ledgerWith peer asset added).IsNone then listLedger peer asset terms.Id added
                else added
        | StateSeen(id, variable) -> onChannel id (Channel.see variable) state
        | StateSigned(id, turn, hash, party, signature) -> signState at id turn hash party signature state
        | ProposalWanted(ledger, proposal) -> onLedger ledger (LedgerChannel.want proposal) state
        | ProposalUnwanted(ledger, target) -> onLedger ledger (LedgerChannel.unwant target >> LedgerChannel.releaseIfGone target) state
        | ProposalQueued(ledger, turn, proposal, hash) ->
            onLedger ledger (LedgerChannel.enqueue turn proposal hash ValueNone) state
        | ProposalSigned(ledger, turn, signature) ->
            let hash =
                match channel ledger state with
                | ValueSome { Ledger = ValueSome l } -> l.Queue.TryFind turn |> Option.map (fun q -> q.Hash)
                | _ -> None

            let signed = onLedger ledger (LedgerChannel.sign turn signature) state
            match hash with Some h -> finishUpdate ledger turn h signed | None -> signed
        | ProposalDropped(ledger, turn) -> onLedger ledger (LedgerChannel.drop turn) state
        | ProposalReceived(ledger, turn, proposal, hash, signature) ->
            onLedger ledger (LedgerChannel.enqueue turn proposal hash (ValueSome signature)) state
        | ProposalAgreed(ledger, turn, signature) ->
            match channel ledger state with
            | ValueSome({ Ledger = ValueSome l } as c) ->
                let moved =
                    l.Queue
                    |> Seq.takeWhile (fun queued -> queued.Key <= turn)
                    |> Seq.fold (fun s queued -> onChannel queued.Value.Proposal.Target (Channel.moved at) s) state

                let agreed = onLedger ledger (LedgerChannel.agree (not (Channel.isLeader c)) turn signature) moved

                match Channel.isLeader c, l.Queue.TryFind turn with
                | false, Some queued -> finishUpdate ledger turn queued.Hash agreed
                | _ -> agreed
            | _ -> state
        | HoldingsObserved(id, held, position) -> observe at id held position Amount.zero state
        | PayoutObserved(id, paid, held, position) -> payout at id paid held position state
        | HoldingsDoubted(id, height) -> doubt id height state
        | VoucherIssued(id, total, signature) -> state |> issue id total signature |> finishSigning (PaymentVoucher(id, total))
        | VoucherReceived(id, total, signature) -> onChannel id (Channel.onPayments (Payments.receive total signature)) state
        | IntentRecorded intent -> onOutbox (Outbox.record state.Position intent) state
        | IntentFinished(effect, result) -> finish at effect result state
        | Woken topic -> woken at topic state
        | JournalRestored -> StandingFolds.restored at state
        | ChannelConfirmed(id, address) -> StandingFolds.confirm id address state
        | ChannelDoubted(id, address) -> StandingFolds.doubt at id address state
        | LedgerAdopted(id, variable, leaderSignature, followerSignature) ->
            StandingFolds.adopt at id variable leaderSignature followerSignature state
        | EpochOpened(_, _, seenHeight) ->
            { empty with
                Position = state.Position
                SeenHeight = seenHeight }
        | Restated thing -> RestatedFolds.restate thing state

    /// Total: any fact applies to any state. Whether it should have happened is not its business.
    let evolve (state: NodeState) (at: Instant) (fact: Fact) : NodeState =
        { change state at fact with Position = state.Position + 1L }
