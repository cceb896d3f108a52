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

    /// On record, and while it is open counted with everybody in it.
    let enter (record: ObjectiveRecord) (state: NodeState) =
        let id = Goal.id record.Goal
        let entered = { state with Objectives = Table.add id record state.Objectives }

        let join state address =
            state
            |> onPeer address (fun p ->
                { p with
                    Open = p.Open.Add id
                    OpenCount = p.OpenCount + 1
                    Unapproved = p.Unapproved + (if record.Origin = Peer address && not record.Approved then 1 else 0) })

        if record.Ending.IsSome then entered
        else others record.Goal state |> List.fold join { entered with OpenCount = state.OpenCount + 1 }

    let openGoal at goal origin deadline (state: NodeState) =
        let entered =
            state
            |> enter
                { Goal = goal
                  Origin = origin
                  Opened = at
                  Deadline = deadline
                  Approved = false
                  Undoing = ValueNone
                  Ending = ValueNone }

        match deadline with
        | ValueSome due -> wake due (OpeningDeadline(Goal.id goal)) entered
        | ValueNone -> entered

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
        let lasts (struct (_, telling)) =
            match telling with
            | ProposalsOf _
            | AgreementOf _
            | VoucherOf _ -> true
            | StateOf _
            | AllSignaturesOf _
            | FinalStateWanted _
            | RejectionOf _
            | StandingWanted _
            | StandingOf _
            | LedgersWanted -> false

        let isOpen kind = (openObjective { Kind = kind; Channel = id } state).IsSome

        match channel id state with
        // Mostly nothing is to be forgotten: looked at first, since every telling comes this way.
        | ValueSome c when not (List.forall lasts c.Told) ->
            if isOpen DirectFunding || isOpen DirectDefunding || isOpen VirtualFunding || isOpen VirtualDefunding then state
            else state |> onChannel id (fun c -> { c with Told = List.filter lasts c.Told })
        | _ -> state

    let private freeLedger (id: ChannelId) (state: NodeState) =
        match channel id state with
        | ValueSome c ->
            let peer, asset = Channel.counterparty c, c.Terms.Opening.Asset

            if ledgerWith peer asset state = ValueSome id then
                match Table.tryFind peer state.Ledgers |> ValueOption.map (Map.remove asset) with
                | ValueSome left when not left.IsEmpty -> { state with Ledgers = Table.add peer left state.Ledgers }
                | _ -> { state with Ledgers = Table.remove peer state.Ledgers } |> onPeer peer (fun p -> { p with Unasked = false })
            else
                state
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
            // An opening may be over while its guarantee still stands: that counts until its removal is agreed.
            Goal.ledgers record.Goal |> List.fold (fun s ledger -> onLedger ledger (LedgerChannel.releaseIfGone id) s) state
        | VirtualDefund _, Rejected _ -> state

    let private kinds = [ DirectFunding; DirectDefunding; VirtualFunding; VirtualDefunding ]

    /// Nothing of it is left but, where we signed its post-fund or a ledger's pre-fund, that it has been: signing it again
    /// would let old final states, or a contract that has paid out, take what is put in now.
    let private forgetChannel (id: ChannelId) (state: NodeState) =
        match channel id state with
        | ValueNone -> state
        | ValueSome c ->
            let cleared =
                match c.Chain.RetryAt with
                | ValueSome due -> unwake due (ChainRetry id) state
                | ValueNone -> state

            let mustStay = Channel.hasSigned (if c.Terms.IsLedger then Turn.preFund else Turn.postFund) c

            { cleared with
                Channels = Table.remove id cleared.Channels
                Objectives = kinds |> List.fold (fun table kind -> Table.remove { Kind = kind; Channel = id } table) cleared.Objectives
                Wakes = if c.Terms.IsLedger then Set.filter (fun (_, t) -> t <> ConcludeInstead id) cleared.Wakes else cleared.Wakes
                Tombstones = if mustStay then Table.add id true cleared.Tombstones else cleared.Tombstones }

    let undo id reason (state: NodeState) =
        let undone = { dropDeadline id state with Objectives = Table.change id (fun r -> { r with Undoing = ValueSome reason }) state.Objectives }

        match objective id state with
        | ValueSome record -> Goal.ledgers record.Goal |> List.fold (fun s ledger -> onLedger ledger (LedgerChannel.releaseIfGone id.Channel) s) undone
        | ValueNone -> undone

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
        if state.EndedCount <= Pace.endedListed then
            state
        else
            match state.Ended |> Seq.truncate 64 |> Seq.tryFind (fun pair -> mayForget pair.Value state) with
            | Some pair ->
                forgetChannel
                    pair.Value
                    { state with
                        Ended = state.Ended.Remove pair.Key
                        EndedCount = state.EndedCount - 1 }
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

    let endObjective id ending (state: NodeState) =
        match openObjective id state with
        | ValueNone -> state
        | ValueSome record ->
            let ended =
                { dropDeadline id state with
                    Objectives = Table.add id { record with Ending = ValueSome ending } state.Objectives
                    OpenCount = state.OpenCount - 1
                    Ended = if isOver record ending then state.Ended.Add(state.Position, id.Channel) else state.Ended
                    EndedCount = state.EndedCount + (if isOver record ending then 1 else 0) }

            let withoutPeers =
                others record.Goal state
                |> List.fold
                    (fun s address ->
                        s
                        |> onPeer address (fun p ->
                            { p with
                                Open = p.Open.Remove id
                                OpenCount = p.OpenCount - 1
                                Unapproved =
                                    if record.Origin = Peer address && not record.Approved then max 0 (p.Unapproved - 1)
                                    else p.Unapproved }))
                    ended

            // Nobody need say any more what it holds of a channel that is over.
            let unasked =
                if not (isOver record ending) then withoutPeers
                else
                    others record.Goal withoutPeers
                    |> List.filter (fun address -> (peer address withoutPeers).Stale.ContainsKey id.Channel)
                    |> List.fold (fun s address -> onPeer address (fun p -> { p with Stale = p.Stale.Remove id.Channel }) s) withoutPeers

            let settled = unasked |> settleEnding record ending |> forgetTold id.Channel
            (if isOver record ending then refuse record settled else settled) |> forgetOldest
