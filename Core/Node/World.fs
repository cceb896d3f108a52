namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// The questions an objective may ask about the node.
type internal World = { State: NodeState; Settings: Settings }

module internal World =
    let channel id (world: World) = NodeState.channel id world.State

    /// Whether an objective of this kind is open on the channel.
    let isOpen kind id (world: World) = (NodeState.openObjective { Kind = kind; Channel = id } world.State).IsSome

    let isClosing ledger world = isOpen DirectDefunding ledger world

    /// After a refusal the next try waits.
    let inTime (channel: Channel) need =
        match channel.Chain.RetryAt with
        | ValueSome due -> Before due
        | ValueNone -> need

    /// Our signature is there and told; `everyone`: all others' too.
    let private signedAs label everyone (objective: ObjectiveId) (channel: Channel) (seen: SeenState) =
        let terms = channel.Terms
        let turn = seen.Variable.Turn

        if not (seen.Signatures.ContainsKey terms.MyIndex) then
            Unmet(label, [ inTime channel (OwnSignature(terms.Id, turn, seen.Hash)) ])
        else
            let told = terms.Others |> List.map (fun peer -> Told(peer, StateOf(objective, turn, seen.Hash)))

            let missing =
                terms.Parties
                |> List.indexed
                |> List.filter (fun (party, _) -> not (seen.Signatures.ContainsKey party))
                |> List.map (fun (_, peer) -> PeerSignature(peer, terms.Id, turn))

            if missing.IsEmpty || not everyone then Met told else Unmet(label, told @ missing)

    /// The state has every signature, and ours was told to all.
    let agreed label objective channel seen = signedAs label true objective channel seen

    /// Ours is enough.
    let given label objective channel seen = signedAs label false objective channel seen

    /// The channel's opening state of this turn.
    let opening turn (channel: Channel) = List.head (Channel.at turn channel)

    /// Everybody's pre-fund; or everybody's post-fund, signed on its strength: of what was taken over after a restore nobody may have the first.
    let prepared objective (channel: Channel) =
        match Channel.complete Turn.postFund channel with
        | Some _ -> Met []
        | None -> agreed "WaitingForCompletePrefund" objective channel (opening Turn.preFund channel)

    /// The ledger carries exactly this guarantee, countersigned.
    let guaranteed label ledgerId addition (world: World) =
        match addition, channel ledgerId world with
        | Add(guarantee, _), ValueSome({ Ledger = ValueSome ledger } as c) ->
            if ledger.Agreed.Guarantees.TryFind guarantee.Target = Some guarantee then
                Met []
            elif c.Chain.Doubtful then
                Unmet("WaitingForChain", [ Holdings ledgerId ])
            // Of a payment channel that may be stale the guarantee may have come and gone already.
            elif NodeState.isStale c world.State || NodeState.isStaleById guarantee.Target world.State then
                Unmet("WaitingForPeerToConfirm", [ LedgerChange ledgerId ])
            elif Channel.isLeader c then
                if LedgerChannel.isQueued guarantee.Target ledger then Unmet(label, [ LedgerChange ledgerId ])
                else Unmet(label, [ Proposed(ledgerId, addition) ])
            else
                match LedgerChannel.head ledger with
                | Some head when head.Proposal = addition && head.LeaderSignature.IsSome ->
                    Unmet(label, [ inTime c (Countersignature(ledgerId, ledger.AgreedTurn + 1UL, head.Hash)) ])
                | _ -> Unmet(label, [ LedgerChange ledgerId ])
        | _ -> Unmet(label, [ LedgerChange ledgerId ])

    /// What takes back a guarantee that we have done with: by the final state, or because we gave the opening up in time.
    let takesBack ledger target (world: World) =
        match channel target world with
        | ValueSome c ->
            (match Channel.completeFinal c with
             | Some final -> Ledger.tryOpening final.Variable.Outcome |> ValueOption.map (fun outcome -> Remove(target, outcome.LeaderBalance))
             | None when GivingBack.isOver ledger c world.State -> ValueSome(Channel.givingBack c)
             | None -> ValueNone)
        | ValueNone -> ValueNone

    /// Exactly what a payment channel's terms ask of the ledger between two of its neighbours.
    let private isProper (ledger: Terms) (terms: Terms) (proposal: Proposal) =
        [ max 0 (terms.MyIndex - 1) .. min terms.MyIndex (terms.Last - 1) ]
        |> List.exists (fun left ->
            List.contains terms.Parties[left] ledger.Parties
            && List.contains terms.Parties[left + 1] ledger.Parties
            && proposal = Terms.addition terms left)

    /// Its opening waits for an addition.
    let private isAwaiting (c: Channel) (world: World) =
        match NodeState.openObjective { Kind = VirtualFunding; Channel = c.Terms.Id } world.State with
        | ValueSome { Approved = true; Undoing = ValueNone } -> (Channel.complete Turn.preFund c).IsSome
        | _ -> false

    /// From the head of the queue on, everything can be countersigned until nothing stands any more that we have done with. Who
    /// countersigns an addition for the sake of the removal behind it must be able to reach that removal.
    let private leadsOut (ledgerChannel: Channel) (ledger: LedgerChannel) (world: World) =
        let isProper target proposal = channel target world |> ValueOption.exists (fun c -> isProper ledgerChannel.Terms c.Terms proposal)
        let isAwaiting target = channel target world |> ValueOption.exists (fun c -> isAwaiting c world)

        let rec walk (standing: Set<ChannelId>) (left: QueuedProposal list) =
            match left with
            | queued :: rest when queued.LeaderSignature.IsSome ->
                let target = queued.Proposal.Target

                let next =
                    match queued.Proposal, takesBack ledgerChannel.Terms.Id target world with
                    // Whatever stands behind it: what an addition takes from whom decides to whom the removal gives it back.
                    | Add _, _ when not (isProper target queued.Proposal) -> ValueNone
                    | Add _, ValueSome _ -> ValueSome(standing.Add target)
                    | Add _, ValueNone -> if isAwaiting target then ValueSome standing else ValueNone
                    | Remove _, ValueSome removal when removal = queued.Proposal -> ValueSome(standing.Remove target)
                    | Remove _, _ -> ValueNone

                (match next with
                 | ValueSome found -> found.IsEmpty || walk found rest
                 | ValueNone -> false)
            | _ -> false

        walk Set.empty (List.ofSeq ledger.Queue.Values)

    let private leaderRemoves label ledgerId (ledger: LedgerChannel) (remove: Proposal) =
        let target = remove.Target

        if (LedgerChannel.proposed ledger).Guarantees.ContainsKey target && not (ledger.WantedTargets.Contains target) then
            Unmet(label, [ Proposed(ledgerId, remove) ])
        else
            Unmet(label, [ LedgerChange ledgerId ])

    /// As follower: the removal itself, or an addition that a removal in the queue takes back at once.
    let private followerRemoves label (c: Channel) (ledger: LedgerChannel) (remove: Proposal) (world: World) =
        let ledgerId = c.Terms.Id

        let isTakenBack (head: QueuedProposal) =
            match head.Proposal with
            | Add(guarantee, _) -> guarantee.Target = remove.Target && leadsOut c ledger world
            | Remove _ -> false

        match LedgerChannel.head ledger with
        | Some head when head.LeaderSignature.IsSome && (head.Proposal = remove || isTakenBack head) ->
            Unmet(label, [ inTime c (Countersignature(ledgerId, ledger.AgreedTurn + 1UL, head.Hash)) ])
        | _ -> Unmet(label, [ LedgerChange ledgerId ])

    /// Neither agreed nor on its way: the ledger is free of the guarantee. One that may be stale may have it all the same.
    let unguaranteed label ledgerId (remove: Proposal) (world: World) =
        let target = remove.Target

        match channel ledgerId world with
        | ValueSome c when NodeState.isStale c world.State -> Unmet("WaitingForPeerToConfirm", [ LedgerChange ledgerId ])
        | ValueSome({ Ledger = ValueSome ledger } as c) ->
            if not (ledger.Agreed.Guarantees.ContainsKey target) && not (LedgerChannel.isQueued target ledger) then Met []
            elif Channel.isLeader c then leaderRemoves label ledgerId ledger remove
            else followerRemoves label c ledger remove world
        | _ -> Met []

    /// A chain call, unless the last one was refused a moment ago.
    let called label call (channel: Channel) =
        Unmet(label, [ inTime channel (ChainCalled call) ])

    /// What we trust the chain to hold; a doubtful reading is made again first.
    let trusted (channel: Channel) =
        if channel.Chain.Doubtful then called "WaitingForChain" (ReadHoldings channel.Terms.Id) channel else Met []
