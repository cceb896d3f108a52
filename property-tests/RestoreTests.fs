module Nitro.PropertyTests.RestoreTests

open System
open System.Collections.Generic
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]

/// What was signed and received in each payment channel, whatever a journal has forgotten since.
type private Purse =
    { Channel: ChannelId
      Payer: Address
      mutable Signed: Amount
      mutable Received: Amount }

/// A rough life in which one node after the other loses its disk and comes back with a copy of any age, or with none.
type private RestoredLife(seed: int, faults: Faults) =
    let random = Prng(uint64 seed * 7_919UL + 1UL)
    let world = SimulatedWorld(uint64 seed, faults)
    let purses = SortedDictionary<ChannelId, Purse>()
    let asked = List<struct (Address * string)>()
    // What is durable goes whole steps at a time, and so does a copy of it.
    let copies = Dictionary<Address, List<int>>()
    let mutable nonce = 100UL

    let received fact =
        match fact with
        | VoucherReceived(id, total, _) ->
            match purses.TryGetValue id with
            | true, purse -> purse.Received <- max purse.Received total
            | _ -> ()
        | _ -> ()

    let signed payload =
        match payload with
        | VoucherPayload voucher -> purses[voucher.Channel].Signed <- max purses[voucher.Channel].Signed voucher.Total
        | StatePayload _ -> ()

    let name (what: string) =
        nonce <- nonce + 1UL
        $"{what} {nonce}"

    let ask who what command =
        asked.Add(struct (who, what))
        world.Ask(who, Story.request what, command)

    let openOne () =
        let payer, payee = if random.Next 2 = 0 then Story.alice, Story.bob else Story.bob, Story.alice
        let what = name "open"
        let outcome = Story.outcome Story.native payer payee (random.Between(5, 20)) 0
        let part = { Participants = [ payer; Story.irene; payee ]; Nonce = nonce; App = Places.virtualApp; ChallengeDuration = 100u }
        let id = FixedPart.channelId part
        purses[id] <- { Channel = id; Payer = payer; Signed = Amount.zero; Received = Amount.zero }
        ask payer what (CreatePaymentChannel([ Story.irene ], payee, 100u, outcome, nonce))

    let act () =
        let any = Seq.toArray purses.Values

        match random.Next 6 with
        | 0
        | 1 -> openOne ()
        | 2 when any.Length > 0 ->
            let purse = random.Pick any
            let who = if random.Next 2 = 0 then purse.Payer else random.Pick(Array.ofList line)
            ask who (name "close") (ClosePaymentChannel purse.Channel)
        | _ when any.Length > 0 ->
            let purse = random.Pick any
            ask purse.Payer (name "pay") (Pay(purse.Channel, Story.amount (random.Between(1, 4)), Sent))
        | _ -> ()

    let busy seconds =
        for _ in 1..seconds do
            if random.Next 3 = 0 then act ()
            world.Run 1

    let stale () =
        [ for node in world.Nodes.Values do
              for struct (peer, record) in Table.toSeq node.State.Peers do
                  for KeyValue(id, _) in record.Stale do
                      let known = NodeState.channel id node.State |> ValueOption.map (fun channel -> channel.Terms.IsLedger, channel.Ledger.IsSome, Channel.isOpen channel)
                      let ends = [ for kind in [ DirectFunding; DirectDefunding; VirtualFunding; VirtualDefunding ] do
                                     match NodeState.objective { Kind = kind; Channel = id } node.State with
                                     | ValueSome record -> $"{kind} {record.Ending} {record.Undoing}"
                                     | ValueNone -> () ]
                      $"{node.Address} awaits {peer} on {id}: {known} {ends}" ]

    /// Two that lose the same at one time may have nobody left who knows it.
    let isBack who count =
        let ledgers = [ for channel in Table.values world.Nodes[who].State.Channels do if channel.Ledger.IsSome then channel ]
        ledgers.Length = count

    /// At any millisecond, with others on their way to it.
    let lose () =
        let who = random.Pick(Array.ofList line)
        let node = world.Nodes[who]
        let outage = random.Between(1, 40)
        let isRecent = random.Next 2 = 0

        world.Later(random.Next 1_000, fun () ->
            world.Leave who
            let kept = copies[who]
            let copy = if isRecent then max 0 (kept.Count - 1 - random.Next 20) else random.Next kept.Count
            node.SetBack kept[copy]
            kept.RemoveRange(copy + 1, kept.Count - copy - 1))

        busy outage
        world.Return who
        who

    member _.World = world
    /// What all vouchers together were for.
    member _.Spent = purses.Values |> Seq.sumBy (fun purse -> purse.Signed.Value)

    member _.Live() =
        Story.join world line
        for node in world.Nodes.Values do
            let kept = List [ 0 ]
            copies[node.Address] <- kept

            node.OnStepped <- fun _ _ step ->
                if node.Journal.Count > kept[kept.Count - 1] then kept.Add node.Journal.Count
                for fact in step.Facts do received fact

            node.Signer.OnSigned <- signed

        let pair first second flip = if flip then second, first else first, second
        let a, b = pair Story.alice Story.irene (seed % 2 = 0)
        let c, d = pair Story.irene Story.bob (seed / 2 % 2 = 0)
        let ledgers = [ Story.openLedger world "left" a b Story.native 100 100 1UL; Story.openLedger world "right" c d Story.native 100 100 2UL ]
        busy (random.Between(5, 30))

        for _ in 1 .. random.Between(1, 3) do
            let who = lose ()
            let count = if who = Story.irene then 2 else 1
            busy (random.Between(0, 20))
            let until = world.Now.PlusSeconds 3_000L
            while world.Now.Micros < until.Micros && not (isBack who count && List.isEmpty (stale ())) do world.Run 1
            Assert.True((isBack who count && List.isEmpty (stale ())), String.Join("\n", stale ()))

        busy (random.Between(0, 20))
        world.Run 1_200

        // Whoever knows it may ask, and more than once.
        let mutable tries = 0
        let isOut () = line |> List.sumBy (Story.paidTo world Story.native) = 400I

        while not (isOut ()) && tries < 6 do
            tries <- tries + 1
            for purse in purses.Values do
                for who in line do ask who (name "end") (ClosePaymentChannel purse.Channel)

            world.Run 900
            for ledger in ledgers do
                for who in line do ask who (name "end") (CloseLedger ledger)

            world.Run 900

        let told who = String.Join("\n", Story.waiting world who)
        Assert.True(isOut (), $"""not paid out: {String.Join("\n", line |> List.map (fun who -> $"{who}: {told who}"))}""")
        let paid = line |> List.map (Story.paidTo world Story.native)
        Assert.Equal(200I, paid[1])

        let sum (by: Address) (value: Purse -> Amount) = purses.Values |> Seq.filter (fun purse -> purse.Payer = by) |> Seq.sumBy (fun purse -> (value purse).Value)
        let least who other = 100I - sum who _.Signed + sum other _.Received
        Assert.True(paid[0] >= least Story.alice Story.bob, $"alice has {paid[0]}")
        Assert.True(paid[2] >= least Story.bob Story.alice, $"bob has {paid[2]}")
        world.CheckReplay()

/// For who looks into a failure: where a folder is named, a traced run's story goes there.
let private tell seed (life: RestoredLife) =
    match Environment.GetEnvironmentVariable "NITRO_RESTORED_STORIES" with
    | null -> ()
    | folder ->
        IO.Directory.CreateDirectory folder |> ignore
        IO.File.WriteAllLines(IO.Path.Combine(folder, $"{seed}.txt"), Tale.whole life.World.Ground.Trace @ Beliefs.ofWorld life.World)

/// Lives that ended with a ledger standing still once: a final state that reached nobody, a rejection that the payer had forgotten, an addition
/// for what was closed already, a removal that lost its turn, a pre-fund that nobody had any more; a question without end, a channel whose end
/// nobody remembered, an answer to a life before, an opening that was over elsewhere, an answer behind what waited for it.
let private mended = [ 1409; 3145; 3158; 6389; 6477; 9107; 10089; 10860; 11161; 11509; 12432; 21521 ]

let private seeds =
    match Environment.GetEnvironmentVariable "NITRO_RESTORED_LIVES" with
    | null -> [ 1..40 ] @ mended
    | range -> let ends = range.Split ".." in [ int ends[0] .. int ends[1] ]

/// A bad network, slow signers, nodes that crash: the lost disk comes on top.
let private weather seed = if seed % 2 = 0 then Faults.none else Faults.rough

[<Fact>]
let ``Whatever copy a node is restored from, and whenever, every wei comes out`` () =
    let failures = List<string>()
    let mutable spent = 0I

    for seed in seeds do
        let life = RestoredLife(seed, weather seed)
        // In the stage only what is behind a waiting request in its own lane has to wait, as in the shell.
        life.World.Ground.IsStaged <- true
        life.World.Ground.IsTracing <- not (isNull (Environment.GetEnvironmentVariable "NITRO_RESTORED_STORIES"))

        try
            life.Live()
            spent <- spent + life.Spent
        with problem ->
            tell seed life
            failures.Add($"seed {seed}: {problem.Message.Substring(0, min 700 problem.Message.Length)}")

    Assert.True((failures.Count = 0), String.Join("\n\n", failures))
    Assert.True(spent >= 5I * bigint seeds.Length, $"only {spent} was ever paid")
