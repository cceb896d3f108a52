namespace Nitro.Simulation

open System
open System.Collections.Generic
open System.Text
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// Nodes, network, signers and chain on one agenda with one clock and one source of chance: the same seed, the same journals.
[<Sealed>]
type internal SimulatedWorld(seed: uint64, faults: Faults) as this =
    let ground = Ground(seed, faults)
    let agenda = ground.Agenda
    let chain = Blockchain(ground, Places.contracts, ground.Random.Between(1, 4))
    let network = Network ground
    let nodes = SortedDictionary<Address, Node>()
    let offences = List<struct (Address * Offence)>()
    let absent = HashSet<Address>()
    let second = 1_000_000L

    let pairs () = [| for a in nodes.Keys do for b in nodes.Keys do if a < b then struct (a, b) |]

    let connect a b =
        if nodes[a].IsAlive && nodes[b].IsAlive && network.IsReachable(a, b) then
            ground.After(0, 50, Agenda.World, (fun () -> nodes[a].See b))
            ground.After(0, 50, Agenda.World, (fun () -> nodes[b].See a))

    let start (node: Node) =
        if not (absent.Contains node.Address) && not node.IsAlive then
            node.Start()
            for other in nodes.Keys do if other <> node.Address then connect node.Address other

    /// A supervisor, or for a full disk the operator.
    let restart (node: Node) how =
        ground.Count "crashes"
        ground.Count how

        if not (absent.Contains node.Address) then
            let wait = if ground.Strikes("long outage", ground.Faults.LongOutage) then 900_000 else 4_000
            ground.After(200, wait, Agenda.World, (fun () -> start node))

    let partition () =
        if nodes.Count > 1 && ground.Strikes("partition", ground.Faults.Partition) then
            let cut =
                if ground.Random.Next 2 = 0 then [| ground.Random.Pick(pairs ()) |]
                else
                    let lonely = ground.Random.Pick(Seq.toArray nodes.Keys)
                    pairs () |> Array.filter (fun (struct (a, b)) -> a = lonely || b = lonely)

            for struct (a, b) in cut do network.Cut(a, b)

            ground.After(1_000, 120_000, Agenda.World, (fun () ->
                for struct (a, b) in cut do
                    network.Heal(a, b)
                    connect a b))

    let misfortunes (node: Node) =
        if node.IsAlive && ground.Strikes("crash", ground.Faults.Crash) then
            ground.After(0, 60_000, Agenda.World, (fun () -> node.Die "crash at any moment"))

        if node.IsAlive && ground.Strikes("epoch", ground.Faults.Epoch) then
            let draft = EpochDraft.write node.State
            ground.After(0, 60_000, Agenda.World, (fun () -> node.TryOpenEpoch(1, draft) |> ignore))

        if ground.Strikes("clock jump", ground.Faults.ClockJump) then
            node.ClockOffset <- int64 (ground.Random.Between(-60, 3_600)) * second

    let rec minute () =
        partition ()
        for node in nodes.Values do misfortunes node
        agenda.After(60L * second, Agenda.World, minute)

    /// What only single nodes are shown.
    let sights (_: Block) =
        for node in nodes.Values do
            if ground.Strikes("view lags", ground.Faults.ViewLags) then
                node.Chain.Mislead(StandingStill node.Chain.Head, ground.Random.Between(10, 300))
            elif chain.Head.Height > 8UL && ground.Strikes("view lies", ground.Faults.ViewLies) then
                let depth = ground.Random.Between(1, int chain.Confirmations + 3)
                node.Chain.Mislead(Misled(chain.Branch depth), ground.Random.Between(10, 120))
                chain.KeepGoing 12UL

    let gift (block: Block) =
        if not block.After.Holdings.IsEmpty && ground.Strikes("stranger's deposit", ground.Faults.Gift) then
            let channel = ground.Random.Pick(block.After.Holdings |> Map.toArray |> Array.map fst)
            let asset = Contracts.held channel block.After |> Map.toList |> List.head |> fst
            this.Gift(channel, asset, Places.amount (ground.Random.Between(1, 3)))

    do
        chain.OnBlock <- fun block ->
            sights block
            gift block
            this.OnBlock block

        agenda.After(60L * second, Agenda.World, minute)

    member _.Ground = ground
    member _.Chain = chain
    member _.Network = network
    member _.Nodes = nodes
    member _.Random = ground.Random
    member _.Now = Instant agenda.Now
    /// Of untrusted nodes.
    member _.Offences = offences
    /// Every step as it was made in memory: see `Laws`.
    member val OnStep: Settings -> NodeState -> Envelope -> Step -> unit = (fun _ _ _ _ -> ()) with get, set
    member val OnBlock: Block -> unit = ignore with get, set
    /// A node joins: before anything happens to it. The first is the inspector's.
    member val OnJoin: Node -> unit = ignore with get, set
    member val OnJoined: Node -> unit = ignore with get, set

    member _.Later(milliseconds: int, action: unit -> unit) = agenda.After(int64 milliseconds * 1_000L, Agenda.World, action)

    member this.Join(settings: Settings) =
        let node = Node(ground, chain, network, settings)
        nodes[settings.Me] <- node
        chain.Followers.Add(fun block -> node.Chain.See block)
        node.OnDied <- restart node
        node.OnStepped <- fun before envelope step -> this.OnStep settings before envelope step

        node.OnOffence <- fun sender offence frame ->
            if node.IsStranger || (match nodes.TryGetValue sender with | true, other -> other.IsStranger | _ -> true) then
                offences.Add(struct (sender, offence))
            else
                ground.Fail $"{settings.Me} calls it an offence of {sender}: {offence.Code}, {offence.Detail}\n{Encoding.UTF8.GetString frame}"

        this.OnJoin node
        this.OnJoined node
        start node

    /// Its offences are counted from now on, and nothing is checked of it.
    member _.Distrust(who: Address) = nodes[who].IsStranger <- true

    /// Switches a node off until it returns.
    member _.Leave(who: Address) =
        absent.Add who |> ignore
        nodes[who].Die "switched off"

    member _.Return(who: Address) =
        absent.Remove who |> ignore
        start nodes[who]

    member _.Feed(who: Address, event: Event) = nodes[who].Report event
    member _.Ask(who: Address, request, command) = nodes[who].Ask(request, command)

    /// A frame from somebody whom the link vouches for.
    member _.Deliver(sender: Address, receiver: Address, frame: byte[]) =
        match network.Listeners.TryGetValue receiver with
        | true, listener -> listener.Invoke(sender, frame, ignore)
        | _ -> ()

    /// Anybody may put money into any channel.
    member _.Gift(channel: ChannelId, asset: Address, amount: Amount) =
        let held = Contracts.holdings asset channel chain.Head.After
        chain.Broadcast(Parcel(Places.stranger, Call.Deposit(asset, channel, held, amount)), chain.Head.Height)

    /// What an account was paid by the contracts.
    member _.Paid(asset, who: Address) : bigint = (Contracts.paid asset who chain.Head.After).Value

    member _.Run(seconds: int) =
        let stop = agenda.Now + int64 seconds * second
        while agenda.TryStep stop do ()
        agenda.Wait stop

    /// Until a condition holds; an error after so many seconds.
    member this.RunUntil(what: string, seconds: int, condition: unit -> bool) =
        let mutable left = seconds

        while not (condition ()) do
            if left = 0 then ground.Fail $"not within {seconds} s: {what}"
            this.Run 1
            left <- left - 1

    /// No more faults from here on; what is down comes back.
    member this.Calm() =
        ground.Faults <- Faults.none
        for struct (a, b) in pairs () do
            while not (network.IsReachable(a, b)) do network.Heal(a, b)

        for node in nodes.Values do
            node.Chain.Enlighten()
            start node

        for struct (a, b) in pairs () do connect a b

    /// The journal's bytes, read from the first, give the state that lives.
    member _.CheckReplay() =
        for node in nodes.Values do
            let replayed = node.Journal.Replayed()
            if replayed <> node.Journal.State then ground.Fail $"{node.Address}: reading the journal again gives another state"
            if node.State <> replayed then ground.Fail $"{node.Address}: the journal does not give the live state"
