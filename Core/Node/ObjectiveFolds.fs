namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol
open Known

/// What facts make of objectives: opened, approved, ended, and what their ledgers and peers have to do with it.
module internal ObjectiveFolds =
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

    let openGoal at goal origin deadline (state: NodeState) =
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

    let approve id (state: NodeState) =
        match openObjective id state with
        | ValueSome record when not record.Approved ->
            let approved = { state with Objectives = Table.add id { record with Approved = true } state.Objectives }

            let counted =
                match record.Origin with
                | Peer address -> approved |> onPeer address (fun p -> { p with Unapproved = max 0 (p.Unapproved - 1) })
                | OwnRequest -> approved

            reserve record.Goal counted
        | _ -> state

    let dropDeadline id (state: NodeState) =
        match objective id state with
        | ValueSome { Deadline = ValueSome due } -> unwake due (OpeningDeadline id) state
        | _ -> state

    /// Nobody waits for anything on this channel any more: what was told need not be remembered.
    let forgetTold (id: ChannelId) (state: NodeState) =
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

    let private forgetOldest (state: NodeState) =
        if state.EndedCount <= Pace.endedListed then
            state
        else
            let key, oldest = Map.minKeyValue state.Ended
            { state with
                Ended = state.Ended.Remove key
                EndedCount = state.EndedCount - 1 }
            |> fun s ->
                // A tombstone stays: id and ending answer late duplicates.
                { s with Objectives = Table.change oldest (fun r -> { r with Deadline = ValueNone; Undoing = ValueNone }) s.Objectives }

    let endObjective id ending (state: NodeState) =
        match openObjective id state with
        | ValueNone -> state
        | ValueSome record ->
            let ended =
                { dropDeadline id state with
                    Objectives = Table.add id { record with Ending = ValueSome ending } state.Objectives
                    OpenCount = state.OpenCount - 1
                    Ended = state.Ended.Add(state.Position, id)
                    EndedCount = state.EndedCount + 1 }

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

            withoutPeers |> settleEnding record ending |> forgetTold id.Channel |> forgetOldest
