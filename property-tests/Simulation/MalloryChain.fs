namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// What the band holds against others on the chain, and who answers there as long as the core does not.
[<Sealed>]
type internal MalloryChain(band: Band) =
    let world = band.World
    let chain = world.Chain
    let history = Dictionary<ChannelId, List<SupportedState>>()
    let remembered = 32
    let watchman = Places.address 98UL

    let keep (state: SupportedState) =
        let states =
            match history.TryGetValue state.Id with
            | true, found -> found
            | _ ->
                let fresh = List<SupportedState>()
                history[state.Id] <- fresh
                fresh

        if not (states.Exists(fun known -> known.Hash = state.Hash)) then
            if states.Count = remembered then states.RemoveAt 1
            states.Add state

    /// A leader's proposals are supported as soon as the band countersigns them, whether it tells or not.
    let offers (node: Node) (channel: Channel) =
        match channel.Ledger with
        | ValueSome ledger when not (Channel.isLeader channel) ->
            for KeyValue(turn, queued) in ledger.Queue do
                match queued.LeaderSignature with
                | ValueSome leader -> keep (SupportedState.ofProposal channel.Terms turn queued.After leader (band.Sign(node.Address, queued.Hash)))
                | ValueNone -> ()
        | _ -> ()

    let learn (node: Node) (made: Step list) =
        match made with
        | [] -> ()
        | _ ->
            let state = (List.last made).State

            for id in made |> List.collect (fun step -> step.Changed) |> List.distinct do
                match NodeState.channel id state with
                | ValueSome channel ->
                    // A payee's redemption is its good right: nothing is newer.
                    MalloryTrial.newestOf node channel |> ValueOption.iter (fun own -> if own.Proof.IsEmpty then keep own)
                    offers node channel
                | ValueNone -> ()

    let isChallenged id = Contracts.mode chain.Head.Time id chain.Head.After = Challenged

    /// Each honest party with something newer than what the contracts were shown.
    let answers id =
        let record = (Contracts.status id chain.Head.After).TurnRecord

        [ for node in world.Nodes.Values do
              if not node.IsStranger then
                  match NodeState.channel id node.State |> ValueOption.bind (MalloryTrial.newestOf node) with
                  | ValueSome own when own.Turn > record -> own
                  | _ -> () ]

    /// Answers for the honest, whose nodes do not yet watch for challenges. Blocks go on until no re-org reaches the answer: one
    /// that came in time must not be mined anew long after its time.
    let defend () =
        for KeyValue(id, _) in chain.Head.After.Statuses do
            if isChallenged id then
                chain.KeepGoing(chain.Confirmations + 4UL)
                match answers id with
                | [] -> ()
                | found ->
                    let best = found |> List.maxBy (fun own -> own.Turn)
                    world.Ground.Count "challenges answered"
                    chain.Broadcast(Parcel(watchman, MalloryTrial.checkpoint best), chain.Head.Height)

    let blocks = world.OnBlock

    do
        world.OnBlock <- fun block ->
            blocks block
            defend ()

        for who in band.Members do
            let node = band.Node who
            let committed = node.OnCommitted

            node.OnCommitted <- fun made ->
                committed made
                learn node made

    let chances () =
        [| for victim in band.Victims do
               for channel in victim.State.Channels.Items.Values do
                   match history.TryGetValue channel.Terms.Id with
                   | true, states when MalloryTrial.isEnforceable channel.Terms ->
                       for who in channel.Terms.Parties do
                           if band.Has who then
                               for stale in states do struct (who, victim, channel, stale)
                   | _ -> () |]

    /// Only where the answer is sure to come in time, and only once it is certain that there is one.
    let press who (victim: Node) (channel: Channel) (stale: SupportedState) =
        let isNewer =
            match MalloryTrial.newestOf victim channel with
            | ValueSome own -> own.Turn > stale.Turn
            | ValueNone -> false

        if isNewer && stale.Turn < Turn.virtualFinal && world.Ground.Faults.TransactionDelayed <= 100 && world.Ground.Faults.TransactionDropped <= 30 then
            world.Ground.Count "challenges on the chain"
            chain.Broadcast(Parcel(who, MalloryTrial.challengeBy who stale), chain.Head.Height)

    /// A challenge with something old. Tried on a copy of the contracts, and for some on the chain.
    member _.StaleChallenge(_: Band) =
        match chances () with
        | [||] -> false
        | found ->
            let struct (who, victim, channel, stale) = band.Random.Pick found

            match MalloryTrial.challenge who victim channel stale (chain.Head.Time + 1UL) chain.Head.After with
            | ValueNone -> false
            | ValueSome [] ->
                if band.Random.Next 4 = 0 then press who victim channel stale
                (MalloryTrial.newestOf victim channel) |> ValueOption.exists (fun own -> own.Turn > stale.Turn)
            | ValueSome wrong -> world.Ground.Fail(String.concat "\n" wrong)

    /// Money of another asset for a victim's ledger, as much as it waits for; or money too much.
    member _.StrangeDeposit(_: Band) =
        match Target.find band (fun target -> target.Terms.IsLedger) with
        | [||] -> false
        | found ->
            let target = band.Random.Pick found
            let isWaiting = target.Channel.Chain.Held < target.Terms.Total
            let asset = if isWaiting then Places.other target.Terms.Opening.Asset else band.Random.Pick [| Places.native; Places.token |]
            let held = Contracts.holdings asset target.Terms.Id chain.Head.After
            let amount = if isWaiting then target.Terms.Total else Places.amount (band.Random.Between(1, 5))
            chain.Broadcast(Parcel(target.By, Call.Deposit(asset, target.Terms.Id, held, amount)), chain.Head.Height)
            asset <> target.Terms.Opening.Asset
