module Nitro.PropertyTests.StandingTests

open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]

/// Without the inspector: it knows what a restored node cannot know yet. Signing twice, offences between honest nodes and a journal that
/// does not give its state still end the world.
let private ledgers (seed: int) =
    let world = SimulatedWorld(uint64 seed, Faults.none)
    Story.join world line
    let pair first second flip = if flip then second, first else first, second
    let a, b = pair Story.alice Story.irene (seed % 2 = 0)
    let c, d = pair Story.irene Story.bob (seed / 2 % 2 = 0)
    let left = Story.openLedger world "left" a b Story.native 100 100 1UL
    let right = Story.openLedger world "right" c d Story.native 100 100 2UL
    world, left, right

let private isStale (node: Node) = node.State.Channels.Items.Values |> Seq.exists (fun channel -> NodeState.isStale channel node.State)
let private balance (node: Node) ledger = (Views.ledger node.State (NodeState.channel ledger node.State).Value).MyBalance

let private setBack (world: SimulatedWorld) who records =
    world.Leave who
    world.Nodes[who].SetBack records
    world.Return who
    world.RunUntil("every channel confirmed", 1_200, (fun () -> not (isStale world.Nodes[who])))

let private agree (world: SimulatedWorld) ledger =
    let standing who = match NodeState.channel ledger world.Nodes[who].State with ValueSome { Ledger = ValueSome l } -> ValueSome(l.AgreedTurn, l.Agreed) | _ -> ValueNone
    let parties = (NodeState.channel ledger world.Nodes[Story.irene].State).Value.Terms.Parties
    Assert.Equal(standing parties[0], standing parties[1])

/// Everything is closed, and every wei is where the payments put it.
let private close (world: SimulatedWorld) left right paid =
    Story.closeLedger world "close left" Story.alice Story.irene left
    Story.closeLedger world "close right" Story.irene Story.bob right
    world.RunUntil("paid out", 3_000, (fun () -> line |> List.sumBy (Story.paidTo world Story.native) = 400I))
    Assert.Equal<bigint list>([ 100I - bigint (paid: int); 200I; 100I + bigint paid ], line |> List.map (Story.paidTo world Story.native))
    world.CheckReplay()

let private at (points: Map<Address, int> list) point who = points[point][who]

/// The life of two channels: one open and paid on, one closed; how many records each node had at each point, and what was paid.
let private life (world: SimulatedWorld) =
    let points = System.Collections.Generic.List<Map<Address, int>>()
    let note () = points.Add(Map.ofList [ for who in line -> who, world.Nodes[who].Journal.Count ])
    note ()
    let first = Story.openPayment world "first" Story.alice [ Story.irene ] Story.bob 40 3UL
    note ()
    Story.pay world "pay 1" Story.alice first 5
    world.RunUntil("paid", 60, (fun () -> Story.isAnswered world Story.alice "pay 1"))
    note ()
    let second = Story.openPayment world "second" Story.alice [ Story.irene ] Story.bob 30 4UL
    Story.pay world "pay 2" Story.alice second 7
    world.RunUntil("paid", 60, (fun () -> Story.isAnswered world Story.alice "pay 2"))
    note ()
    Story.close world "close second" Story.alice line second
    note ()
    Story.pay world "pay 3" Story.alice first 6
    world.RunUntil("paid", 60, (fun () -> Story.isAnswered world Story.alice "pay 3"))
    world.Run 30
    List.ofSeq points, first

let private balances (node: Node) left right = [ for ledger in [ left; right ] do if (NodeState.channel ledger node.State).IsSome then balance node ledger ]

/// Who was restored stands where it stood; then `first` is paid on, another one opened and closed by `closer`, and every wei is right.
let private goesOn (world: SimulatedWorld) left right first node before closer =
    Assert.Equal<Amount list>(before, balances node left right)
    agree world left
    agree world right
    Assert.Equal(Story.amount 11, Views.paid (NodeState.channel first world.Nodes[Story.alice].State).Value)
    Story.pay world "pay after" Story.alice first 2
    world.RunUntil("paid after", 120, (fun () -> Story.isAnswered world Story.alice "pay after"))
    Assert.Equal(Paid(first, Story.amount 2), world.Nodes[Story.alice].Answers[Story.request "pay after"])
    let third = Story.openPayment world "third" Story.alice [ Story.irene ] Story.bob 20 5UL
    Story.pay world "pay third" Story.alice third 3
    world.RunUntil("paid third", 120, (fun () -> Story.isAnswered world Story.alice "pay third"))
    Story.close world "close third" closer line third
    Story.close world "close first" Story.alice line first
    close world left right (7 + 11 + 2 + 3)

[<Fact>]
let ``From whatever point of its life a node is restored, its peers give it back what it had signed`` () =
    for seed in 1..4 do
        for loser in line do
            for point in 0..4 do
                let world, left, right = ledgers seed
                let points, first = life world
                let node = world.Nodes[loser]
                let before = balances node left right
                setBack world loser (at points point loser)
                world.Run 60

                try
                    goesOn world left right first node before Story.alice
                with problem ->
                    raise (System.InvalidOperationException($"seed {seed}, {loser} at point {point}: {problem.Message}", problem))

/// The disk is lost, and the copy is from before its first ledger.
let private loseAll (world: SimulatedWorld) who =
    world.Leave who
    world.Nodes[who].SetBack 0
    Assert.Empty(Table.values world.Nodes[who].Journal.State.Channels)
    world.Return who

let private ledgersOf (node: Node) = [ for channel in Table.values node.State.Channels do if channel.Terms.IsLedger then channel ]
let private isSettled (node: Node) = not (isStale node) && ledgersOf node |> List.forall (fun channel -> channel.Ledger.IsSome && not channel.Chain.Doubtful)

[<Fact>]
let ``A node without any copy has its peers give back ledgers, payment channels and vouchers, and goes on paying`` () =
    for seed in 1..4 do
        for loser in line do
            let world, left, right = ledgers seed
            let _, first = life world
            let node = world.Nodes[loser]
            let count = (ledgersOf node).Length
            let before = balances node left right

            try
                loseAll world loser
                world.RunUntil("all is back", 1_200, (fun () -> (ledgersOf node).Length = count && isSettled node && (NodeState.channel first node.State).IsSome))
                goesOn world left right first node before Story.bob
            with problem ->
                raise (System.InvalidOperationException($"seed {seed}, {loser}: {problem.Message}", problem))

[<Fact>]
let ``A ledger of another asset, opened after the copy, is told with those that are asked about`` () =
    for seed in 1..4 do
        let world, _, _ = ledgers seed
        let alice = world.Nodes[Story.alice]
        let records = alice.Journal.Count
        let first, second = if seed % 2 = 0 then Story.alice, Story.irene else Story.irene, Story.alice
        let tokens = Story.openLedger world "tokens" first second Story.token 50 60 7UL
        setBack world Story.alice records
        world.RunUntil("the other ledger is back", 1_200, (fun () -> (NodeState.channel tokens alice.State).IsSome && isSettled alice))
        agree world tokens
        Story.closeLedger world "close tokens" Story.alice Story.irene tokens

[<Fact>]
let ``A ledger that was opening when the disk was lost opens, and what was deposited comes out again`` () =
    let stages: (string * (Channel -> bool)) list =
        [ "pre-fund agreed", (fun channel -> (Channel.complete Turn.preFund channel).IsSome)
          "first deposit", (fun channel -> not channel.Chain.Held.IsZero)
          "both deposits", (fun channel -> channel.Chain.Held >= channel.Terms.Total)
          "post-fund signed", Channel.hasSigned Turn.postFund ]

    for seed in 1..6 do
        for loser in [ Story.alice; Story.irene ] do
            for stage, isThere in stages do
                let world = SimulatedWorld(uint64 seed, Faults.none)
                Story.join world line

                try
                    world.Ask(Story.alice, Story.request "open", CreateLedger(Story.irene, 100u, Story.outcome Story.native Story.alice Story.irene 100 100, 1UL))
                    world.RunUntil(stage, 600, (fun () -> ledgersOf world.Nodes[loser] |> List.exists isThere))
                    let ledger = (List.head (ledgersOf world.Nodes[loser])).Terms.Id
                    loseAll world loser
                    let other = if loser = Story.alice then Story.irene else Story.alice
                    world.RunUntil("open", 3_000, (fun () -> NodeState.channel ledger world.Nodes[other].State |> ValueOption.exists _.Ledger.IsSome))
                    Story.closeLedger world "close" other loser ledger
                    world.RunUntil("paid out", 3_000, (fun () -> [ Story.alice; Story.irene ] |> List.forall (fun who -> Story.paidTo world Story.native who = 100I)))
                with problem ->
                    raise (System.InvalidOperationException($"seed {seed}, {loser}, {stage}: {problem.Message}", problem))

[<Fact>]
let ``Who is restored asks everybody once for its ledgers, and those without any as often as they come`` () =
    let world, _, _ = ledgers 3
    let alice = world.Nodes[Story.alice]
    let asked = System.Collections.Generic.List<Address>()

    alice.OnStepped <-
        fun _ _ step ->
            for fact in step.Facts do
                match fact with
                | IntentRecorded(Tell(who, LedgersWanted)) -> asked.Add who
                | _ -> ()

    let returns who =
        asked.Clear()
        world.Leave who
        world.Return who
        world.Run 600
        List.ofSeq asked

    Assert.Empty(returns Story.irene)
    asked.Clear()
    setBack world Story.alice alice.Journal.Count
    world.Run 600
    Assert.Equal<Set<Address>>(Set.ofList [ Story.irene; Story.bob ], Set.ofSeq asked)
    Assert.Equal(2, asked.Count)
    Assert.Empty(returns Story.irene)
    Assert.Equal<Address list>([ Story.bob ], returns Story.bob)

[<Fact>]
let ``Until its peer has spoken a restored node adds no exposure, and afterwards it does`` () =
    let world, left, _ = ledgers 1
    let points, first = life world
    let alice = world.Nodes[Story.alice]
    world.Leave Story.irene
    world.Leave Story.bob
    world.Leave Story.alice
    alice.SetBack(at points 1 Story.alice)
    world.Return Story.alice
    world.Run 30
    Assert.True(isStale alice)
    Assert.True((Views.ledger alice.State (NodeState.channel left alice.State).Value).MayBeStale)
    Assert.True((Views.payment alice.State (NodeState.channel first alice.State).Value).MayBeStale)
    let signed = System.Collections.Generic.List<Payload>()
    alice.Signer.OnSigned <- signed.Add

    let refusal name command =
        world.Ask(Story.alice, Story.request name, command)
        world.RunUntil(name, 120, (fun () -> Story.isAnswered world Story.alice name))

        match alice.Answers[Story.request name] with
        | Failed problem -> problem
        | other -> invalidOp $"{name}: {other}"

    Assert.Equal("may-be-stale", (refusal "pay" (Pay(first, Story.amount 1, Sent))).Tag)
    Assert.Equal("may-be-stale", (refusal "close channel" (ClosePaymentChannel first)).Tag)
    Assert.Contains("may-be-stale", (refusal "open" (CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 5 0, 9UL))).Message)
    Assert.Empty signed

    world.Return Story.irene
    world.Return Story.bob
    world.RunUntil("confirmed", 1_200, (fun () -> not (isStale alice)))
    Story.pay world "again" Story.alice first 2
    world.RunUntil("paid", 120, (fun () -> Story.isAnswered world Story.alice "again"))
    Assert.Equal(Paid(first, Story.amount 2), alice.Answers[Story.request "again"])

[<Fact>]
let ``An answer that was given to a life that is lost confirms nothing in the next one`` () =
    let world, left, right = ledgers 1
    let points, first = life world
    let alice = world.Nodes[Story.alice]
    let before = balances alice left right
    let late = System.Collections.Generic.List<struct (Address * byte[])>()

    world.Network.Tamper <-
        fun sender receiver frame ->
            if receiver = Story.alice then late.Add(struct (sender, frame))
            [ frame ]

    setBack world Story.alice (at points 2 Story.alice)
    world.Network.Tamper <- fun _ _ frame -> [ frame ]

    for who in line do world.Leave who
    alice.SetBack(at points 2 Story.alice)
    world.Return Story.alice
    let doubts () = [ for struct (peer, record) in Table.toSeq alice.State.Peers do for KeyValue(id, _) in record.Stale do peer, id ]
    let open' = doubts ()
    Assert.NotEmpty open'
    for struct (sender, frame) in late do world.Deliver(sender, Story.alice, frame)
    world.Run 60
    Assert.Equal<(Address * ChannelId) list>(open', doubts ())

    for who in [ Story.irene; Story.bob ] do world.Return who
    world.RunUntil("every channel confirmed", 1_200, (fun () -> not (isStale alice)))
    goesOn world left right first alice before Story.alice

[<Fact>]
let ``What is awaited of the peers outlives an epoch, and a restart`` () =
    let world, _, _ = ledgers 2
    let points, _ = life world
    let alice = world.Nodes[Story.alice]
    world.Leave Story.alice
    alice.SetBack(at points 2 Story.alice)
    let state = alice.Journal.State
    Assert.True(state.Channels.Items.Values |> Seq.exists (fun channel -> NodeState.isStale channel state))
    Assert.Equal(state, alice.Journal.Replayed())
    Assert.Equal({ Epoch.fold state.Position (Epoch.opening 1 state) with Position = state.Position }, state)

[<Fact>]
let ``A copy that was put back by hand is found out by the first turn that it does not know`` () =
    let world, left, _ = ledgers 1
    let alice = world.Nodes[Story.alice]
    let records = alice.Journal.Count
    Story.openPayment world "first" Story.alice [ Story.irene ] Story.bob 40 3UL |> ignore
    let state = NodeState.channel left alice.State
    world.Leave Story.alice
    alice.Chain.Lose()
    alice.Journal.SetBackSilently records
    world.Return Story.alice
    Assert.False(isStale alice)
    let irene = NodeState.channel left world.Nodes[Story.irene].State

    match state, irene with
    | ValueSome { Ledger = ValueSome was }, ValueSome({ Ledger = ValueSome hers } as channel) ->
        let proposal, signature = hers.Answered |> Map.toSeq |> Seq.head |> snd |> (fun struct (proposal, signature) -> proposal, signature)
        Assert.Equal(was.Agreed, hers.Agreed)

        let item =
            ProposalItem
                { Ledger = channel.Terms.Id
                  Proposal = proposal
                  Turn = hers.AgreedTurn
                  Signature = signature
                  Recovered = ValueNone }

        world.Deliver(Story.irene, Story.alice, Nitro.Wire.PeerV1.encode Story.alice { From = Story.irene; Items = [ item ] })
        world.RunUntil("taken over", 600, (fun () -> match NodeState.channel left alice.State with ValueSome { Ledger = ValueSome now } -> now.AgreedTurn = hers.AgreedTurn && not (isStale alice) | _ -> false))
        agree world left
    | _ -> invalidOp "no ledger"
