namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol
open Known

/// What an epoch's opening makes of a node that knows nothing yet. Sums, counts and indices are made here, as they were at first.
module internal RestatedFolds =
    /// All that the channel's states say: the opening's two, then what was seen beside them.
    let variables (r: RestatedChannel) : VariablePart list =
        let struct (preFund, postFund) = Terms.openings r.Terms
        preFund :: postFund :: r.Seen

    /// By turn. The hashes are computed where they do not come with the variables.
    let private states (hashes: Bytes32 list) (r: RestatedChannel) : Map<TurnNumber, SeenState list> =
        let variables = variables r
        let hashes = if hashes.Length = variables.Length then hashes else variables |> List.map (State.hash r.Terms.Id)

        let signatures turn hash =
            r.Signed
            |> List.fold
                (fun (found: Map<int, Signature>) (struct (of', signed, party, signature)) ->
                    if of' = turn && signed = hash && not (found.ContainsKey party) then found.Add(party, signature) else found)
                Map.empty

        let put (found: Map<TurnNumber, SeenState list>) (variable: VariablePart) hash =
            let others = match found.TryFind variable.Turn with Some others -> others | None -> []

            if others |> List.exists (fun seen -> seen.Hash = hash) then
                found
            else
                let seen =
                    { Variable = variable
                      Hash = hash
                      Signatures = signatures variable.Turn hash }

                found.Add(variable.Turn, others @ [ seen ])

        List.fold2 put Map.empty variables hashes

    /// `hashes`: of its `variables`, in their order; none, and they are computed.
    let channelAgain (hashes: Bytes32 list) (r: RestatedChannel) (state: NodeState) =
        let id = r.Terms.Id

        let again =
            { Channel.withStates r.MovedAt r.Terms (states hashes r) with
                Chain = OnChain.kept r.Chain
                Told = r.Told }

        { state with Channels = Table.add id again state.Channels }

    let private ledgerAgain agreed turn leaderSignature followerSignature nextWanted (c: Channel) =
        { c with
            Ledger =
                ValueSome
                    { LedgerChannel.start agreed leaderSignature followerSignature with
                        AgreedTurn = turn
                        NextWanted = nextWanted } }

    let private guarantee (guarantee: Guarantee) (ledger: LedgerChannel) =
        { ledger with
            Agreed =
                { ledger.Agreed with
                    Guarantees = ledger.Agreed.Guarantees.Add(guarantee.Target, guarantee) } }

    let private wanted key (proposal: Proposal) (ledger: LedgerChannel) =
        { ledger with
            Wanted = ledger.Wanted.Add(key, proposal)
            WantedTargets = ledger.WantedTargets.Add proposal.Target }

    let private answered turn proposal signature (ledger: LedgerChannel) =
        { ledger with Answered = ledger.Answered.Add(turn, struct (proposal, signature)) }

    let private payments (r: RestatedPayments) (payments: Payments) =
        { payments with
            Reserved = r.Issued
            Issued = r.Issued
            IssuedSignature = r.IssuedSignature
            IssuedToTell = r.IssuedToTell
            Received = if r.Best.IsZero && r.BestSignature.IsNone then Payments.nothing else { Total = r.Best; Signature = r.BestSignature }
            NextPending = r.NextPending }

    /// Reserved under the key that it had.
    let private pending key request amount kind (payments: Payments) =
        { Payments.reserve request amount kind { payments with NextPending = key } with
            NextPending = payments.NextPending }

    let private peerAgain address refused retellSeconds retellAt retoldUpTo (state: NodeState) =
        let again =
            { peer address state with
                Refused = refused
                RetellSeconds = retellSeconds
                RetellAt = retellAt
                RetoldUpTo = retoldUpTo }

        { state with Peers = Table.add address again state.Peers }

    let private request id content at result (state: NodeState) =
        { state with
            Requests =
                Table.add
                    id
                    { Content = content
                      At = at
                      Result = result }
                    state.Requests
            RequestOrder = Line.turn (Line.add id state.RequestOrder) }

    let restate (thing: Restatement) (state: NodeState) =
        match thing with
        | ChannelRestated r -> channelAgain [] r state
        | LedgerRestated(id, agreed, turn, leaderSignature, followerSignature, nextWanted) ->
            onChannel id (ledgerAgain agreed turn leaderSignature followerSignature nextWanted) state
        | GivenUpRestated(id, peer) -> onChannel id (Channel.givenUp peer) state
        | GuaranteeRestated(id, found) -> onLedger id (guarantee found) state
        | QueuedRestated(id, turn, proposal, hash, signature) -> onLedger id (LedgerChannel.enqueue turn proposal hash signature) state
        | WantedRestated(id, key, proposal) -> onLedger id (wanted key proposal) state
        | ExposureRestated(id, target, exposure) -> onLedger id (LedgerChannel.expose target exposure) state
        | AnsweredRestated(id, turn, proposal, signature) -> onLedger id (answered turn proposal signature) state
        | PaymentsRestated(id, r) -> onChannel id (Channel.onPayments (payments r)) state
        | PendingRestated(id, key, request, amount, kind) -> onChannel id (Channel.onPayments (pending key request amount kind)) state
        | ObjectiveRestated record -> ObjectiveFolds.enter record state
        | PeerRestated(address, refused, retellSeconds, retellAt, retoldUpTo) ->
            peerAgain address refused retellSeconds retellAt retoldUpTo state
        | RequestRestated(id, content, at, result) -> request id content at result state
        | EndedRestated(position, id) ->
            { state with
                Ended = state.Ended.Add(position, id)
                EndedCount = state.EndedCount + 1 }
        | TombstonesRestated ids ->
            { state with Tombstones = ids |> List.fold (fun table id -> Table.add id true table) state.Tombstones }
        | LedgerListed(peer, asset, id) -> listLedger peer asset id state
        | IntentRestated(EffectId position, intent) -> onOutbox (Outbox.record position intent) state
        | WakeRestated(due, topic) -> wake due topic state
        | StaleRestated(address, doubts) ->
            state |> onPeer address (fun p -> { p with Stale = List.fold (fun stale (id, since) -> Map.add id since stale) p.Stale doubts })
        | RestoredRestated unasked ->
            unasked |> List.fold (fun s address -> onPeer address (fun p -> { p with Unasked = true }) s) { state with Restored = true }
