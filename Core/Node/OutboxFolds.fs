namespace Nitro.Node

open Nitro.Kernel
open Known
open ObjectiveFolds

/// What facts make of promises and of what the chain shows.
module internal OutboxFolds =
    // Chain

    let observe id held (position: ChainPosition) paid (state: NodeState) =
        let seen = { state with SeenHeight = max state.SeenHeight position.Height }

        seen
        |> onChannel id (fun c ->
            { c with
                Held = held
                HeldAt = position
                PaidOut = Amount.addSaturated c.PaidOut paid
                // A running ledger stays doubtful until the chain holds again what its post-fund rests on.
                Doubtful = c.Doubtful && c.Ledger.IsSome && paid.IsZero && c.PaidOut.IsZero && held < c.Terms.Total })

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

    let finish at effect result (state: NodeState) =
        match Outbox.tryFind effect state.Outbox with
        | None -> state
        | Some intent ->
            let finished = { state with Outbox = Outbox.finish effect state.Outbox }

            match intent, result with
            | Tell(address, telling), (Kept | Refused _) -> told at address telling finished
            | SubmitCall _, Refused _ -> scheduleRetry at (Intent.channel intent) finished
            | SubmitCall _, Kept -> finished |> onChannel (Intent.channel intent) (fun c -> { c with ChainAttempts = 0 })
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

    let woken topic (state: NodeState) =
        match topic with
        | OpeningDeadline id -> dropDeadline id state
        | Retelling address -> retell address state
        | ChainRetry id -> clearRetry id state
        | ConcludeInstead id ->
            { state with Wakes = state.Wakes |> Set.filter (fun (_, t) -> t <> ConcludeInstead id) }
            |> onChannel id (fun c -> { c with MayConclude = true })

    let finishSigning signing (state: NodeState) =
        match Table.tryFind (SignPayload signing) state.Outbox.Keys with
        | ValueSome id -> { state with Outbox = Outbox.finish (EffectId id) state.Outbox }
        | ValueNone -> state

    let finishUpdate ledger turn hash (state: NodeState) = finishSigning (LedgerUpdate(ledger, turn, hash)) state
