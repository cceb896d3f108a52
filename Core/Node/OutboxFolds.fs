namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol
open Known
open ObjectiveFolds

/// What facts make of promises and of what the chain shows.
module internal OutboxFolds =
    // Chain

    let observe (at: Instant) id held (position: ChainPosition) paid (state: NodeState) =
        let seen = { state with SeenHeight = max state.SeenHeight position.Height }

        seen
        |> onChannel id (fun c ->
            { c with
                MovedAt = if held = c.Chain.Held then c.MovedAt else at
                Chain =
                    { c.Chain with
                        Held = held
                        HeldAt = position
                        PaidOut = Amount.addSaturated c.Chain.PaidOut paid
                        // A running ledger stays doubtful until the chain holds again what its post-fund rests on.
                        Doubtful = c.Chain.Doubtful && c.Ledger.IsSome && paid.IsZero && c.Chain.PaidOut.IsZero && held < c.Terms.Total } })

    let payout at id paid held (position: ChainPosition) (state: NodeState) =
        let isNewest = channel id state |> ValueOption.exists (fun c -> ChainPosition.isAfter c.Chain.HeldAt position)

        let observed =
            if isNewest then observe at id held position paid state
            else onChannel id (Channel.onChain (fun chain -> { chain with PaidOut = Amount.addSaturated chain.PaidOut paid; Doubtful = false })) state

        observed |> onChannel id (Channel.onChain (fun chain -> { chain with PaidAt = position }))

    /// Blocks from this height on are gone: what they showed may be shown again, earlier ones stand.
    let doubt id (height: Height) (state: NodeState) =
        let before = { ChainPosition.start with Height = height - min height 1UL; Index = System.UInt32.MaxValue }

        state
        |> onChannel id (Channel.onChain (fun chain ->
            { chain with
                Doubtful = true
                HeldAt = if chain.HeldAt.Height >= height then before else chain.HeldAt
                PaidAt = if chain.PaidAt.Height >= height then before else chain.PaidAt
                PaidOut = if chain.PaidAt.Height >= height then Amount.zero else chain.PaidOut }))

    let private clearRetry id (state: NodeState) =
        match channel id state with
        | ValueSome { Chain = { RetryAt = ValueSome due } } ->
            state |> unwake due (ChainRetry id) |> onChannel id (Channel.onChain (fun chain -> { chain with RetryAt = ValueNone }))
        | _ -> state

    let private scheduleRetry (at: Instant) id (state: NodeState) =
        match channel id state with
        | ValueNone -> state
        | ValueSome c ->
            let seconds = min Pace.chainRetrySecondsMax (Pace.chainRetrySeconds <<< min c.Chain.Attempts 9)
            let due = at.PlusSeconds seconds

            clearRetry id state
            |> onChannel id (Channel.onChain (fun chain ->
                { chain with
                    Attempts = chain.Attempts + 1
                    RetryAt = ValueSome due }))
            |> wake due (ChainRetry id)

    // Outbox

    let private told (at: Instant) id address telling (state: NodeState) =

        // Of vouchers and of proposals only the newest counts; of countersignatures the latest few.
        let keep (struct (_, earlier)) =
            match telling, earlier with
            | VoucherOf _, VoucherOf _
            | ProposalsOf _, ProposalsOf _ -> false
            | AgreementOf(_, turn), AgreementOf(_, before) -> before + 64UL > turn
            | _ -> true

        let marked =
            match telling with
            // Asked again until it is answered, and answered each time.
            | StandingWanted _
            | StandingOf _
            | LedgersWanted -> state
            | StateOf _
            | AllSignaturesOf _
            | ProposalsOf _
            | AgreementOf _
            | VoucherOf _
            | FinalStateWanted _
            | RejectionOf _ ->
                state
                |> onChannel id (fun c -> { c with Told = struct (address, telling) :: List.filter keep c.Told })
                |> forgetTold id

        let record = peer address marked

        if (record.Open.IsEmpty && record.Stale.IsEmpty) || record.RetellAt.IsSome then
            marked
        else
            let due = at.PlusSeconds record.RetellSeconds
            marked |> onPeer address (fun p -> { p with RetellAt = ValueSome due }) |> wake due (Retelling address)

    let finish at effect result (state: NodeState) =
        match Outbox.tryFind effect state.Outbox with
        | ValueNone -> state
        | ValueSome intent ->
            let finished = onOutbox (Outbox.finish effect) state

            match intent, result with
            | Tell(address, LedgersWanted), (Kept | Refused _) -> finished |> onPeer address (fun p -> { p with Unasked = false })
            | Tell(address, telling), (Kept | Refused _) ->
                (match Intent.topic telling with
                 | ValueSome id -> told at id address telling finished
                 | ValueNone -> finished)
            | SubmitCall call, Refused _ -> scheduleRetry at (Intent.ledger call) finished
            | SubmitCall call, Kept -> finished |> onChannel (Intent.ledger call) Channel.succeeded
            | SignPayload(OwnState(id, _, _) | LedgerUpdate(id, _, _)), Refused _ -> scheduleRetry at id finished
            | (Tell _ | SubmitCall _), Superseded
            | SignPayload _, _ -> finished

    /// So many objectives are told again in one step that its facts still fit one append.
    let private retellSlice = 64

    /// The open objectives with a peer whose tellings the next retelling forgets, in order.
    let nextRetold (record: PeerRecord) : ObjectiveId list =
        let rest =
            match record.RetoldUpTo with
            | ValueSome last -> record.Open |> Seq.filter (fun id -> id > last)
            | ValueNone -> record.Open :> seq<_>

        rest |> Seq.truncate retellSlice |> Seq.toList

    /// go-nitro drops a ledger's opening once it is complete, and a repeat of it would stop that node: after our post-fund
    /// is told, it may be complete there. Other states may be repeated: that peer may have rejected a closing which we have signed.
    let private mayRepeat (channel: Channel) =
        let isOpening isTurn telling =
            match telling with
            | StateOf(_, turn, _) -> isTurn turn
            | _ -> false

        let mayBeOpen =
            channel.Terms.Dialect = GoNitro
            && channel.Terms.IsLedger
            && channel.Told |> List.exists (fun (struct (_, telling)) -> isOpening (fun turn -> turn = Turn.postFund) telling)

        fun telling -> not (mayBeOpen && isOpening (fun turn -> turn <= Turn.postFund) telling)

    let private channelsOf (state: NodeState) (id: ObjectiveId) =
        match objective id state with
        | ValueSome record -> id.Channel :: Goal.ledgers record.Goal
        | ValueNone -> [ id.Channel ]

    let private retell (at: Instant) address (state: NodeState) =
        let record = peer address state

        let unscheduled =
            match record.RetellAt with
            | ValueSome due -> unwake due (Retelling address) state
            | ValueNone -> state

        let slice = nextRetold record

        let forget (c: Channel) =
            let mayRepeat = mayRepeat c
            { c with Told = c.Told |> List.filter (fun (struct (who, telling)) -> who <> address || not (mayRepeat telling)) }

        let forgotten =
            slice
            |> List.collect (channelsOf state)
            |> List.distinct
            |> List.fold (fun s id -> onChannel id forget s) unscheduled

        if slice.Length = retellSlice then
            forgotten
            |> onPeer address (fun p ->
                { p with
                    RetellAt = ValueSome at
                    RetoldUpTo = ValueSome(List.last slice) })
            |> wake at (Retelling address)
        else
            forgotten
            |> onPeer address (fun p ->
                { p with
                    RetellAt = ValueNone
                    RetoldUpTo = ValueNone
                    RetellSeconds =
                        if p.Open.IsEmpty && p.Stale.IsEmpty then Pace.retellSeconds
                        else min Pace.retellSecondsMax (p.RetellSeconds * 2L) })

    let woken at topic (state: NodeState) =
        match topic with
        | OpeningDeadline id -> dropDeadline id state
        | Retelling address -> retell at address state
        | ChainRetry id -> clearRetry id state
        | ConcludeInstead id ->
            { state with Wakes = state.Wakes |> Set.filter (fun (_, t) -> t <> ConcludeInstead id) }
            |> onChannel id (Channel.onChain (fun chain -> { chain with MayConclude = true }))

    let finishSigning signing (state: NodeState) =
        match Table.tryFind (SignPayload signing) state.Outbox.Keys with
        | ValueSome id -> onOutbox (Outbox.finish (EffectId id)) state
        | ValueNone -> state

    let finishUpdate ledger turn hash (state: NodeState) = finishSigning (LedgerUpdate(ledger, turn, hash)) state
