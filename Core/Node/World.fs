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
        match channel.ChainRetryAt with
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

    /// The ledger carries exactly this guarantee, countersigned.
    let guaranteed label ledgerId addition (world: World) =
        match addition, channel ledgerId world with
        | Add(guarantee, _), ValueSome({ Ledger = ValueSome ledger } as c) ->
            if ledger.Agreed.Guarantees.TryFind guarantee.Target = Some guarantee then
                Met []
            elif c.Doubtful then
                Unmet("WaitingForChain", [ Holdings ledgerId ])
            elif Channel.isLeader c then
                if LedgerChannel.isQueued guarantee.Target ledger then Unmet(label, [ LedgerChange ledgerId ])
                else Unmet(label, [ Proposed(ledgerId, addition) ])
            else
                match LedgerChannel.head ledger with
                | Some head when head.Proposal = addition && head.LeaderSignature.IsSome ->
                    Unmet(label, [ inTime c (Countersignature(ledgerId, ledger.AgreedTurn + 1UL, head.Hash)) ])
                | _ -> Unmet(label, [ LedgerChange ledgerId ])
        | _ -> Unmet(label, [ LedgerChange ledgerId ])

    let private removal target (queued: QueuedProposal) =
        match queued.Proposal with
        | Remove(t, _) -> t = target
        | Add _ -> false

    let private leaderRemoves label ledgerId (ledger: LedgerChannel) (remove: Proposal) =
        let target = remove.Target

        if (LedgerChannel.proposed ledger).Guarantees.ContainsKey target && not (ledger.WantedTargets.Contains target) then
            Unmet(label, [ Proposed(ledgerId, remove) ])
        else
            Unmet(label, [ LedgerChange ledgerId ])

    /// As follower: the removal itself, or an addition that a removal in the queue takes back at once.
    let private followerRemoves label (c: Channel) (ledger: LedgerChannel) (remove: Proposal) =
        let ledgerId = c.Terms.Id

        match LedgerChannel.head ledger with
        | Some head when
            head.LeaderSignature.IsSome
            && (head.Proposal = remove
                || (head.Proposal.Target = remove.Target
                    && not (removal remove.Target head)
                    && ledger.Queue.Values |> Seq.exists (fun queued -> queued.Proposal = remove)))
            ->
            Unmet(label, [ inTime c (Countersignature(ledgerId, ledger.AgreedTurn + 1UL, head.Hash)) ])
        | _ -> Unmet(label, [ LedgerChange ledgerId ])

    /// Neither agreed nor on its way: the ledger is free of the guarantee.
    let unguaranteed label ledgerId (remove: Proposal) (world: World) =
        let target = remove.Target

        match channel ledgerId world with
        | ValueSome({ Ledger = ValueSome ledger } as c) ->
            if not (ledger.Agreed.Guarantees.ContainsKey target) && not (LedgerChannel.isQueued target ledger) then Met []
            elif Channel.isLeader c then leaderRemoves label ledgerId ledger remove
            else followerRemoves label c ledger remove
        | _ -> Met []

    /// A chain call, unless the last one was refused a moment ago.
    let called label call (channel: Channel) =
        Unmet(label, [ inTime channel (ChainCalled call) ])

    /// What we trust the chain to hold; a doubtful reading is made again first.
    let trusted (channel: Channel) =
        if channel.Doubtful then called "WaitingForChain" (ReadHoldings channel.Terms.Id) channel else Met []
