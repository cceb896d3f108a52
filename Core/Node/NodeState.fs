namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

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

/// What an API request has led to.
type internal RequestResult =
    | Bound of ObjectiveId
    | Payment of channel: ChannelId * amount: Amount * total: Amount * kind: PaymentKind * voucher: Signature voption
    | PaymentFailed of ChannelId * tag: string

type internal RequestRecord =
    { /// Hash of method and payload: the same id with other contents is refused.
      Content: Bytes32
      At: Instant
      Result: RequestResult }

/// What a peer and we still have to do with each other.
type internal PeerRecord =
    { Open: Set<ObjectiveId>
      /// Of those, proposed by the peer and not approved yet.
      Unapproved: int
      /// Its newest proposals that we rejected without signing anything, oldest first.
      Refused: ObjectiveId list
      RetellSeconds: int64
      RetellAt: Instant voption }

/// Everything a node knows: a fold of its journal.
type internal NodeState =
    { Position: int64
      Channels: Table<ChannelId, Channel>
      Objectives: Table<ObjectiveId, ObjectiveRecord>
      OpenCount: int
      /// Channels that are over, oldest first: what is listed of them is bounded.
      Ended: Map<int64, ChannelId>
      /// Channels over and no longer listed in which we signed what must never count again.
      Tombstones: Table<ChannelId, bool>
      /// The open or opening ledger of a peer and asset.
      Ledgers: Table<struct (Address * Address), ChannelId>
      Peers: Table<Address, PeerRecord>
      Requests: Table<RequestId, RequestRecord>
      RequestOrder: Map<int64, RequestId>
      Outbox: Outbox
      Wakes: Set<Instant * Topic>
      /// The newest block from which an observation was stored.
      SeenHeight: Height }

/// Times that facts depend on; part of the journal's meaning, so not configurable.
module internal Pace =
    let retellSeconds = 5L
    let retellSecondsMax = 300L
    let chainRetrySeconds = 1L
    let chainRetrySecondsMax = 300L
    let concludeInsteadSeconds = 120L
    let requestsRemembered = 100_000
    let requestSecondsRemembered = 86_400L
    let endedListed = 10_000
    let refusedListedPerPeer = 64

module internal NodeState =
    let empty =
        { Position = 0L
          Channels = Table.empty
          Objectives = Table.empty
          OpenCount = 0
          Ended = Map.empty
          Tombstones = Table.empty
          Ledgers = Table.empty
          Peers = Table.empty
          Requests = Table.empty
          RequestOrder = Map.empty
          Outbox = Outbox.empty
          Wakes = Set.empty
          SeenHeight = 0UL }

    let channel id (state: NodeState) = Table.tryFind id state.Channels
    let objective id (state: NodeState) = Table.tryFind id state.Objectives

    /// Over, and known to have been; nothing else is known of it any more.
    let isForgotten id (state: NodeState) = Table.containsKey id state.Tombstones

    let openObjective id (state: NodeState) =
        match objective id state with
        | ValueSome record when record.Ending.IsNone -> ValueSome record
        | _ -> ValueNone

    /// We have asked the signer for a state of this turn and not had the answer.
    let isSigning id turn (state: NodeState) =
        match channel id state with
        | ValueSome c -> Channel.at turn c |> List.exists (fun seen -> Outbox.isUnfinished (SignPayload(OwnState(id, turn, seen.Hash))) state.Outbox)
        | ValueNone -> false

    /// Our final state is signed or about to be: no voucher counts any more, no proposal follows, no closing is taken back.
    let isFinalOut (c: Channel) (state: NodeState) =
        (Channel.ownFinal c).IsSome
        || Channel.finals c
           |> List.exists (fun seen -> Outbox.isUnfinished (SignPayload(OwnState(c.Terms.Id, seen.Variable.Turn, seen.Hash))) state.Outbox)

    let private onChannel id change (state: NodeState) = { state with Channels = Table.change id change state.Channels }
    let private onLedger id change state = onChannel id (Channel.onLedger change) state
    let private wake at topic (state: NodeState) = { state with Wakes = state.Wakes.Add((at, topic)) }
    let private unwake at topic (state: NodeState) = { state with Wakes = state.Wakes.Remove((at, topic)) }

    let private noPeer =
        { Open = Set.empty
          Unapproved = 0
          Refused = []
          RetellSeconds = Pace.retellSeconds
          RetellAt = ValueNone }

    let peer address (state: NodeState) = Table.tryFind address state.Peers |> ValueOption.defaultValue noPeer

    let private onPeer address change (state: NodeState) =
        let changed = change (peer address state)

        if changed.Open.IsEmpty && changed.RetellAt.IsNone && changed.Refused.IsEmpty then
            { state with Peers = Table.remove address state.Peers }
        else
            { state with Peers = Table.add address changed state.Peers }

    let private others goal (state: NodeState) =
        match channel (Goal.id goal).Channel state with
        | ValueSome c -> c.Terms.Others
        | ValueNone -> []

    // Requests

    let private forgetOldRequests (at: Instant) (state: NodeState) =
        let rec forget (state: NodeState) =
            if state.RequestOrder.IsEmpty then
                state
            else
                let key, oldest = Map.minKeyValue state.RequestOrder

                let isOld =
                    state.RequestOrder.Count > Pace.requestsRemembered
                    || (match Table.tryFind oldest state.Requests with
                        | ValueSome record -> record.At.PlusSeconds Pace.requestSecondsRemembered < at
                        | ValueNone -> true)

                if isOld then
                    forget
                        { state with
                            RequestOrder = state.RequestOrder.Remove key
                            Requests = Table.remove oldest state.Requests }
                else
                    state

        forget state

    let private remember at request content result (state: NodeState) =
        forgetOldRequests
            at
            { state with
                Requests =
                    Table.add
                        request
                        { Content = content
                          At = at
                          Result = result }
                        state.Requests
                RequestOrder = state.RequestOrder.Add(state.Position, request) }

    // Objectives

    let private exposures goal (state: NodeState) =
        match goal, channel (Goal.id goal).Channel state with
        | VirtualFund(_, left, right), ValueSome c ->
            [ match left with
              | ValueSome ledger -> ledger, c.Terms.MyIndex - 1
              | ValueNone -> ()
              match right with
              | ValueSome ledger -> ledger, c.Terms.MyIndex
              | ValueNone -> () ]
            |> List.map (fun (ledger, position) -> ledger, c.Terms, Terms.guarantee c.Terms position)
        | _ -> []

    let private reserve goal (state: NodeState) =
        exposures goal state
        |> List.fold
            (fun state (ledger, terms, guarantee) ->
                state
                |> onLedger ledger (fun l ->
                    LedgerChannel.expose
                        terms.Id
                        { Amount = guarantee.Amount
                          Unenforceable = Terms.isUnenforceable terms
                          Locked = true
                          Reserved = ValueSome(Ledger.cost guarantee terms.Opening.LeaderBalance l.Agreed) }
                        l))
            state

    let private openGoal at goal origin deadline (state: NodeState) =
        let id = Goal.id goal

        let record =
            { Goal = goal
              Origin = origin
              Opened = at
              Deadline = deadline
              Approved = false
              Undoing = ValueNone
              Ending = ValueNone }

        let opened =
            { state with
                Objectives = Table.add id record state.Objectives
                OpenCount = state.OpenCount + 1 }

        let withPeers =
            others goal state
            |> List.fold
                (fun state address ->
                    state
                    |> onPeer address (fun p ->
                        { p with
                            Open = p.Open.Add id
                            Unapproved = p.Unapproved + (if origin = Peer address then 1 else 0) }))
                opened

        match deadline with
        | ValueSome due -> wake due (OpeningDeadline id) withPeers
        | ValueNone -> withPeers

    let private approve id (state: NodeState) =
        match openObjective id state with
        | ValueSome record when not record.Approved ->
            let approved = { state with Objectives = Table.add id { record with Approved = true } state.Objectives }

            let counted =
                match record.Origin with
                | Peer address -> approved |> onPeer address (fun p -> { p with Unapproved = max 0 (p.Unapproved - 1) })
                | OwnRequest -> approved

            reserve record.Goal counted
        | _ -> state

    let private dropDeadline id (state: NodeState) =
        match objective id state with
        | ValueSome { Deadline = ValueSome due } -> unwake due (OpeningDeadline id) state
        | _ -> state

    /// Nobody waits for anything on this channel any more: what was told need not be remembered.
    let private forgetTold (id: ChannelId) (state: NodeState) =
        let stillOpen =
            [ DirectFunding; DirectDefunding; VirtualFunding; VirtualDefunding ]
            |> List.exists (fun kind -> (openObjective { Kind = kind; Channel = id } state).IsSome)

        let lasts (_, telling) =
            match telling with
            | ProposalsOf _
            | AgreementOf _
            | VoucherOf _ -> true
            | StateOf _
            | FinalStateWanted _
            | RejectionOf _ -> false

        if stillOpen then state else state |> onChannel id (fun c -> { c with Told = List.filter lasts c.Told })

    let private freeLedger (id: ChannelId) (state: NodeState) =
        match channel id state with
        | ValueSome c ->
            let key = struct (Channel.counterparty c, c.Terms.Opening.Asset)
            if Table.tryFind key state.Ledgers = ValueSome id then { state with Ledgers = Table.remove key state.Ledgers } else state
        | ValueNone -> state

    let private settleEnding (record: ObjectiveRecord) ending (state: NodeState) =
        match record.Goal, ending with
        | DirectFund id, Completed -> onChannel id Channel.run state
        | DirectFund id, Rejected _ -> freeLedger id state
        | DirectDefund id, Completed -> freeLedger id state
        | DirectDefund _, Rejected _ -> state
        | VirtualFund(id, _, _), Completed ->
            Goal.ledgers record.Goal |> List.fold (fun s ledger -> onLedger ledger (LedgerChannel.unlock id) s) state
        | VirtualFund(id, _, _), Rejected _
        | VirtualDefund(id, _, _), Completed ->
            Goal.ledgers record.Goal |> List.fold (fun s ledger -> onLedger ledger (LedgerChannel.release id) s) state
        | VirtualDefund _, Rejected _ -> state

    let private kinds = [ DirectFunding; DirectDefunding; VirtualFunding; VirtualDefunding ]

    /// Nothing of it is left but, where we signed its post-fund or a ledger's pre-fund, that it has been: signing it again
    /// would let old final states, or a contract that has paid out, take what is put in now.
    let private forgetChannel (id: ChannelId) (state: NodeState) =
        match channel id state with
        | ValueNone -> state
        | ValueSome c ->
            let cleared =
                match c.ChainRetryAt with
                | ValueSome due -> unwake due (ChainRetry id) state
                | ValueNone -> state

            let mustStay = Channel.hasSigned (if c.Terms.IsLedger then Turn.preFund else Turn.postFund) c

            { cleared with
                Channels = Table.remove id cleared.Channels
                Objectives = kinds |> List.fold (fun table kind -> Table.remove { Kind = kind; Channel = id } table) cleared.Objectives
                Wakes = if c.Terms.IsLedger then Set.filter (fun (_, t) -> t <> ConcludeInstead id) cleared.Wakes else cleared.Wakes
                Tombstones = if mustStay then Table.add id true cleared.Tombstones else cleared.Tombstones }

    /// No objective, promise or guarantee needs it.
    let private mayForget (id: ChannelId) (state: NodeState) =
        match channel id state with
        | ValueNone -> true
        | ValueSome c ->
            let isHeld ledger =
                match channel ledger state with
                | ValueSome { Ledger = ValueSome l } -> LedgerChannel.isQueued id l || l.Agreed.Guarantees.ContainsKey id
                | _ -> false

            let carriers =
                match objective { Kind = VirtualFunding; Channel = id } state with
                | ValueSome record -> Goal.ledgers record.Goal
                | ValueNone -> []

            kinds |> List.forall (fun kind -> (openObjective { Kind = kind; Channel = id } state).IsNone)
            && not (List.exists isHeld carriers)
            && not (Outbox.isAbout c.Terms.Id state.Outbox)

    /// The oldest that nothing needs; those that are still needed wait for a later turn.
    let private forgetOldest (state: NodeState) =
        if state.Ended.Count <= Pace.endedListed then
            state
        else
            match state.Ended |> Seq.truncate 64 |> Seq.tryFind (fun pair -> mayForget pair.Value state) with
            | Some pair -> forgetChannel pair.Value { state with Ended = state.Ended.Remove pair.Key }
            | None -> state

    let private isOver (record: ObjectiveRecord) ending =
        match record.Goal, ending with
        | (DirectFund _ | VirtualFund _), Rejected _
        | (DirectDefund _ | VirtualDefund _), Completed -> true
        | (DirectFund _ | VirtualFund _), Completed
        | (DirectDefund _ | VirtualDefund _), Rejected _ -> false

    /// Of what a peer proposed in vain only the newest is kept.
    let private refuse (record: ObjectiveRecord) (state: NodeState) =
        match record.Origin with
        | Peer address when not record.Approved ->
            let listed = (peer address state).Refused @ [ Goal.id record.Goal ]
            let gone = List.truncate (max 0 (listed.Length - Pace.refusedListedPerPeer)) listed

            gone
            |> List.fold
                (fun (s: NodeState) id -> if mayForget id.Channel s then forgetChannel id.Channel s else s)
                (onPeer address (fun p -> { p with Refused = List.skip gone.Length listed }) state)
        | _ -> state

    let private endObjective id ending (state: NodeState) =
        match openObjective id state with
        | ValueNone -> state
        | ValueSome record ->
            let ended =
                { dropDeadline id state with
                    Objectives = Table.add id { record with Ending = ValueSome ending } state.Objectives
                    OpenCount = state.OpenCount - 1
                    Ended = if isOver record ending then state.Ended.Add(state.Position, id.Channel) else state.Ended }

            let withoutPeers =
                others record.Goal state
                |> List.fold
                    (fun s address ->
                        s
                        |> onPeer address (fun p ->
                            { p with
                                Open = p.Open.Remove id
                                Unapproved =
                                    if record.Origin = Peer address && not record.Approved then max 0 (p.Unapproved - 1)
                                    else p.Unapproved }))
                    ended

            let settled = withoutPeers |> settleEnding record ending |> forgetTold id.Channel
            (if isOver record ending then refuse record settled else settled) |> forgetOldest

    // Chain

    let private observe id held (position: ChainPosition) paid (state: NodeState) =
        let seen = { state with SeenHeight = max state.SeenHeight position.Height }

        seen
        |> onChannel id (fun c ->
            { c with
                Held = held
                HeldAt = position
                PaidOut = Amount.addSaturated c.PaidOut paid
                // A running ledger stays doubtful until the chain holds again what its post-fund rests on.
                Doubtful = c.Doubtful && c.Ledger.IsSome && paid.IsZero && c.PaidOut.IsZero && held < c.Terms.Total })

    let private payout id paid held (position: ChainPosition) (state: NodeState) =
        let isNewest = channel id state |> ValueOption.exists (fun c -> ChainPosition.isAfter c.HeldAt position)

        let observed =
            if isNewest then observe id held position paid state
            else onChannel id (fun c -> { c with PaidOut = Amount.addSaturated c.PaidOut paid; Doubtful = false }) state

        observed |> onChannel id (fun c -> { c with PaidAt = position })

    /// Blocks from this height on are gone: what they showed may be shown again, earlier ones stand.
    let private doubt id (height: Height) (state: NodeState) =
        let before = { ChainPosition.start with Height = height - min height 1UL; Index = System.UInt32.MaxValue }

        state
        |> onChannel id (fun c ->
            { c with
                Doubtful = true
                HeldAt = if c.HeldAt.Height >= height then before else c.HeldAt
                PaidAt = if c.PaidAt.Height >= height then before else c.PaidAt
                PaidOut = if c.PaidAt.Height >= height then Amount.zero else c.PaidOut })

    let private clearRetry id (state: NodeState) =
        match channel id state with
        | ValueSome { ChainRetryAt = ValueSome due } ->
            state |> unwake due (ChainRetry id) |> onChannel id (fun c -> { c with ChainRetryAt = ValueNone })
        | _ -> state

    let private scheduleRetry (at: Instant) id (state: NodeState) =
        match channel id state with
        | ValueNone -> state
        | ValueSome c ->
            let seconds = min Pace.chainRetrySecondsMax (Pace.chainRetrySeconds <<< min c.ChainAttempts 9)
            let due = at.PlusSeconds seconds

            clearRetry id state
            |> onChannel id (fun c ->
                { c with
                    ChainAttempts = c.ChainAttempts + 1
                    ChainRetryAt = ValueSome due })
            |> wake due (ChainRetry id)

    // Outbox

    let private told (at: Instant) address telling (state: NodeState) =
        let intent = Tell(address, telling)
        let id = Intent.channel intent

        // Of a slot only the newest counts; of countersignatures the latest few.
        let keep (who, earlier) =
            match Intent.slot intent, telling with
            | ValueSome slot, _ -> Intent.slot (Tell(who, earlier)) <> ValueSome slot
            | ValueNone, AgreementOf(_, turn) ->
                (match earlier with
                 | AgreementOf(_, before) -> before + 64UL > turn
                 | _ -> true)
            | ValueNone, _ -> true

        let marked =
            state
            |> onChannel id (fun c -> { c with Told = (address, telling) :: List.filter keep c.Told })
            |> forgetTold id

        let record = peer address marked

        if record.Open.IsEmpty || record.RetellAt.IsSome then
            marked
        else
            let due = at.PlusSeconds record.RetellSeconds
            marked |> onPeer address (fun p -> { p with RetellAt = ValueSome due }) |> wake due (Retelling address)

    let private finish at effect result (state: NodeState) =
        match Outbox.tryFind effect state.Outbox with
        | None -> state
        | Some intent ->
            let finished = { state with Outbox = Outbox.finish effect state.Outbox }

            match intent, result with
            | Tell(address, telling), (Kept | Refused _) -> told at address telling finished
            | SubmitCall _, Refused _ -> scheduleRetry at (Intent.channel intent) finished
            | SubmitCall _, Kept -> finished |> onChannel (Intent.channel intent) (fun c -> { c with ChainAttempts = 0 })
            | SignPayload(OwnState _ | LedgerUpdate _), Refused _ -> scheduleRetry at (Intent.channel intent) finished
            | (Tell _ | SubmitCall _), Superseded
            | SignPayload _, _ -> finished

    let private retell address (state: NodeState) =
        let record = peer address state

        let unscheduled =
            match record.RetellAt with
            | ValueSome due -> unwake due (Retelling address) state
            | ValueNone -> state

        let forgotten =
            record.Open
            |> Seq.map (fun objective -> objective.Channel)
            |> Seq.collect (fun id ->
                match objective { Kind = VirtualFunding; Channel = id } state, objective { Kind = VirtualDefunding; Channel = id } state with
                | ValueSome r, ValueNone
                | _, ValueSome r -> id :: Goal.ledgers r.Goal
                | ValueNone, ValueNone -> [ id ])
            |> Seq.distinct
            |> Seq.fold
                (fun s id -> onChannel id (fun c -> { c with Told = c.Told |> List.filter (fun (who, _) -> who <> address) }) s)
                unscheduled

        forgotten
        |> onPeer address (fun p ->
            { p with
                RetellAt = ValueNone
                RetellSeconds = if p.Open.IsEmpty then Pace.retellSeconds else min Pace.retellSecondsMax (p.RetellSeconds * 2L) })

    let private woken topic (state: NodeState) =
        match topic with
        | OpeningDeadline id -> dropDeadline id state
        | Retelling address -> retell address state
        | ChainRetry id -> clearRetry id state
        | ConcludeInstead id ->
            { state with Wakes = state.Wakes |> Set.filter (fun (_, t) -> t <> ConcludeInstead id) }
            |> onChannel id (fun c -> { c with MayConclude = true })

    // Payments

    let private refusePayment request channelId tag (state: NodeState) =
        { state with
            Requests = state.Requests |> Table.change request (fun r -> { r with Result = PaymentFailed(channelId, tag) }) }
        |> onChannel channelId (Channel.onPayments (Payments.refuse request))

    let private issue channelId total signature (state: NodeState) =
        match channel channelId state with
        | ValueSome { Payments = ValueSome payments } ->
            let answer (requests: Table<RequestId, RequestRecord>) (pending: PendingPayment) =
                requests
                |> Table.change pending.Request (fun record ->
                    { record with
                        Result =
                            Payment(
                                channelId,
                                pending.Amount,
                                pending.Total,
                                pending.Kind,
                                (match pending.Kind with
                                 | HandedOut -> ValueSome signature
                                 | Sent -> ValueNone)
                            ) })

            { state with
                Requests = Payments.covered total payments |> List.map (fun pair -> pair.Value) |> List.fold answer state.Requests }
            |> onChannel channelId (Channel.onPayments (Payments.issue total signature))
        | _ -> state

    let private finishSigning signing (state: NodeState) =
        match Table.tryFind (SignPayload signing) state.Outbox.Keys with
        | ValueSome id -> { state with Outbox = Outbox.finish (EffectId id) state.Outbox }
        | ValueNone -> state

    let private signState (at: Instant) id turn hash party signature (state: NodeState) =
        let signed =
            state
            |> onChannel id (fun c -> { Channel.sign turn hash party signature c with ChainAttempts = 0 })
            |> finishSigning (OwnState(id, turn, hash))

        match channel id signed with
        | ValueSome c when c.Terms.IsLedger && turn > Turn.postFund && c.Terms.MyIndex <> 0 && (Channel.completeFinal c).IsSome ->
            wake (at.PlusSeconds Pace.concludeInsteadSeconds) (ConcludeInstead id) signed
        | ValueSome c when not c.Terms.IsLedger && turn = Turn.postFund && party = c.Terms.MyIndex ->
            dropDeadline { Kind = VirtualFunding; Channel = id } signed
        | _ -> signed

    let private finishUpdate ledger turn hash (state: NodeState) = finishSigning (LedgerUpdate(ledger, turn, hash)) state

    /// Total: any fact applies to any state. Whether it should have happened is not its business.
    let evolve (state: NodeState) (at: Instant) (fact: Fact) : NodeState =
        let next =
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
            | GoalApproved id -> approve id state
            | OpeningUndone(id, reason) ->
                { dropDeadline id state with
                    Objectives = Table.change id (fun r -> { r with Undoing = ValueSome reason }) state.Objectives }
            | ObjectiveEnded(id, ending) -> endObjective id ending state
            | ChannelAdded terms ->
                if Table.containsKey terms.Id state.Channels then
                    state
                else
                    let added = { state with Channels = Table.add terms.Id (Channel.create terms) state.Channels }

                    let key = struct (List.head terms.Others, terms.Opening.Asset)

                    // The first keeps its place: a second one is on record only because it was rejected.
                    if terms.IsLedger && not (Table.containsKey key added.Ledgers) then
                        { added with Ledgers = Table.add key terms.Id added.Ledgers }
                    else
                        added
            | StateSeen(id, variable) -> onChannel id (Channel.see variable) state
            | StateSigned(id, turn, hash, party, signature) -> signState at id turn hash party signature state
            | ProposalWanted(ledger, proposal) -> onLedger ledger (LedgerChannel.want proposal) state
            | ProposalUnwanted(ledger, target) -> onLedger ledger (LedgerChannel.unwant target) state
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
                    let agreed = onLedger ledger (LedgerChannel.agree (not (Channel.isLeader c)) turn signature) state

                    match Channel.isLeader c, l.Queue.TryFind turn with
                    | false, Some queued -> finishUpdate ledger turn queued.Hash agreed
                    | _ -> agreed
                | _ -> state
            | HoldingsObserved(id, held, position) -> observe id held position Amount.zero state
            | PayoutObserved(id, paid, held, position) -> payout id paid held position state
            | HoldingsDoubted(id, height) -> doubt id height state
            | VoucherIssued(id, total, signature) -> state |> issue id total signature |> finishSigning (PaymentVoucher(id, total))
            | VoucherReceived(id, total, signature) -> onChannel id (Channel.onPayments (Payments.receive total signature)) state
            | IntentRecorded intent -> { state with Outbox = Outbox.record state.Position intent state.Outbox }
            | IntentFinished(effect, result) -> finish at effect result state
            | Woken topic -> woken topic state

        { next with Position = state.Position + 1L }
