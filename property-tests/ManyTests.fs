module Nitro.PropertyTests.ManyTests

open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]

let private ask (world: SimulatedWorld) who name command = world.Ask(who, Story.request name, command)

let private twoLedgers seed faults share =
    let world = Story.world seed faults
    Story.join world line
    let a, b = if seed % 2 = 0 then Story.alice, Story.irene else Story.irene, Story.alice
    let left = Story.openLedger world "left" a b Story.native share share 1UL
    let right = Story.openLedger world "right" Story.irene Story.bob Story.native share share 2UL
    world, left, right

let private create (world: SimulatedWorld) name payer payee share nonce =
    ask world payer name (CreatePaymentChannel([ Story.irene ], payee, 100u, Story.outcome Story.native payer payee share 0, nonce))

let private everyone (world: SimulatedWorld) condition = line |> List.forall (fun who -> condition world who)

let private allOpen (world: SimulatedWorld) (names: (string * Address) list) =
    world.RunUntil("asked", 600, (fun () -> names |> List.forall (fun (name, payer) -> Story.isAnswered world payer name)))
    let ids = names |> List.map (fun (name, payer) -> Story.started world payer name)
    world.RunUntil("open", 3_000, (fun () -> ids |> List.forall (fun id -> line |> List.forall (fun who -> Story.completed world who id))))
    ids |> List.map (fun id -> id.Channel)

let private manyChannels seed faults count =
    let world, left, right = twoLedgers seed faults 1_000

    let names =
        [ for i in 1..count do
              let payer, payee = if i % 2 = 0 then Story.alice, Story.bob else Story.bob, Story.alice
              create world $"open{i}" payer payee 20 (uint64 (100 + i))
              $"open{i}", payer ]

    let channels = allOpen world names

    for i, channel in List.indexed channels do
        let payer = snd names[i]
        for j in 1..3 do ask world payer $"pay{i}-{j}" (Pay(channel, Story.amount j, (if j = 2 then HandedOut else Sent)))

    world.RunUntil("paid", 600, (fun () -> names |> List.indexed |> List.forall (fun (i, (_, payer)) -> [ 1..3 ] |> List.forall (fun j -> Story.isAnswered world payer $"pay{i}-{j}"))))

    for i, channel in List.indexed channels do
        ask world line[i % 3] $"close{i}" (ClosePaymentChannel channel)

    let closed (channel: ChannelId) =
        line |> List.forall (fun who -> Story.completed world who { Kind = VirtualDefunding; Channel = channel })

    world.RunUntil("closed", 6_000, (fun () -> List.forall closed channels))
    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Story.closeLedger world "closeRight" Story.bob Story.irene right
    world.CheckReplay()
    let toBob = (names |> List.filter (fun (_, payer) -> payer = Story.alice)).Length
    let toAlice = count - toBob
    Assert.Equal(bigint (1_000 + 6 * (toAlice - toBob)), Story.paidTo world Story.native Story.alice)
    Assert.Equal(bigint (1_000 + 6 * (toBob - toAlice)), Story.paidTo world Story.native Story.bob)
    Assert.Equal(2_000I, Story.paidTo world Story.native Story.irene)

[<Fact>]
let ``twenty channels open at once over one pair of ledgers, in both directions`` () =
    manyChannels 1 Faults.none 20

[<Fact>]
let ``many channels at once survive losses, repeats and crashes`` () =
    manyChannels 2 Faults.rough 5

[<Fact; Trait("Suite", "long")>]
let ``many channels at once, for long`` () =
    for seed in 1..30 do manyChannels seed (if seed % 3 = 0 then Faults.none else Faults.rough) (4 + seed % 17)

/// A burst of payments, some handed out as vouchers: each caller gets its own answer, and the totals fit.
let private burst seed faults =
    let world, _, _ = twoLedgers seed faults 1_000
    let channel = Story.openPayment world "virtual" Story.alice [ Story.irene ] Story.bob 500 3UL
    let kinds = [ for _ in 1..30 -> if world.Random.Next 3 = 0 then HandedOut else Sent ]
    for i, kind in List.indexed kinds do ask world Story.alice $"pay{i}" (Pay(channel, Story.amount (i + 1), kind))
    world.RunUntil("paid", 3_000, (fun () -> kinds |> List.indexed |> List.forall (fun (i, _) -> Story.isAnswered world Story.alice $"pay{i}")))

    let vouchers =
        [ for i, kind in List.indexed kinds do
              match world.Nodes[Story.alice].Answers[Story.request $"pay{i}"], kind with
              | Paid(_, amount), Sent -> Assert.Equal(Story.amount (i + 1), amount)
              | VoucherMade(voucher, _), HandedOut -> voucher.Total
              | other -> invalidOp $"pay{i}: {other}" ]

    Assert.Equal<Amount list>(List.distinct vouchers, vouchers)

    match NodeState.channel channel world.Nodes[Story.alice].State with
    | ValueSome { Payments = ValueSome payments } -> Assert.Equal(Story.amount (30 * 31 / 2), payments.Issued)
    | _ -> invalidOp "no payments"

    Story.close world "close" Story.bob line channel

    match NodeState.channel channel world.Nodes[Story.bob].State with
    | ValueSome found -> Assert.Equal(Story.amount 465, Nitro.Engine.Views.paid found)
    | ValueNone -> invalidOp "no channel"

[<Fact>]
let ``a burst of payments and vouchers adds up exactly, and each caller has its own answer`` () =
    for seed in 1..6 do burst seed (if seed % 2 = 0 then Faults.none else Faults.rough)

[<Fact>]
let ``a close asked in the middle of a burst waits for it, and later payments are refused`` () =
    for seed in 1..8 do
        let world, _, _ = twoLedgers seed Faults.none 1_000
        let channel = Story.openPayment world "virtual" Story.alice [ Story.irene ] Story.bob 500 3UL
        for i in 1..10 do world.Later(world.Random.Next 60, (fun () -> ask world Story.alice $"pay{i}" (Pay(channel, Story.amount i, Sent))))
        world.Later(world.Random.Next 60, (fun () -> ask world line[seed % 3] "close" (ClosePaymentChannel channel)))
        world.Later(world.Random.Next 60, (fun () -> ask world line[(seed + 1) % 3] "again" (ClosePaymentChannel channel)))
        let id = { Kind = VirtualDefunding; Channel = channel }
        world.RunUntil("closed", 600, (fun () -> everyone world (fun w who -> Story.completed w who id)))

        let paid =
            [ for i in 1..10 do
                  match world.Nodes[Story.alice].Answers[Story.request $"pay{i}"] with
                  | Paid _ -> i
                  | Failed problem -> Assert.Equal("channel-closing", problem.Tag)
                  | other -> invalidOp $"{other}" ]

        match NodeState.channel channel world.Nodes[Story.bob].State with
        | ValueSome found -> Assert.Equal(Story.amount (List.sum paid), Nitro.Engine.Views.paid found)
        | ValueNone -> invalidOp "no channel"

[<Fact>]
let ``a ledger opens again with the same peer after closing`` () =
    for seed in 1..5 do
        let world = Story.world seed Faults.rough
        Story.join world [ Story.alice; Story.bob ]

        for round in 1..3 do
            let ledger = Story.openLedger world $"open{round}" Story.alice Story.bob Story.native 10 10 (uint64 round)
            Story.closeLedger world $"close{round}" Story.bob Story.alice ledger

        Assert.Equal(30I, Story.paidTo world Story.native Story.alice)
        world.CheckReplay()

let private five seed faults =
    let world = Story.world seed faults
    let hubs = [ for i in 10UL..14UL -> Story.address i ]
    let parties = Story.alice :: hubs @ [ Story.bob ]
    Story.join world parties

    for i, (left, right) in List.indexed (List.pairwise parties) do
        Story.openLedger world $"ledger{i}" left right Story.native 100 100 (uint64 i) |> ignore

    let channel = Story.openPayment world "virtual" Story.alice hubs Story.bob 60 99UL
    Story.pay world "pay" Story.alice channel 60
    world.RunUntil("paid", 600, (fun () -> Story.isAnswered world Story.alice "pay"))
    Story.close world "close" hubs[2] parties channel

[<Fact>]
let ``five intermediaries carry a channel`` () = five 1 Faults.none

[<Fact; Trait("Suite", "long")>]
let ``five intermediaries carry a channel under faults`` () =
    for seed in 2..20 do five seed Faults.rough

let private rejectedWith (world: SimulatedWorld) who id (text: string) =
    match NodeState.objective id world.Nodes[who].State with
    | ValueSome { Ending = ValueSome(Rejected reason) } -> reason.Contains text
    | _ -> false

[<Fact>]
let ``a channel too large for a ledger on the way is rejected, and everything is free again`` () =
    for seed in 1..4 do
        let world = Story.world seed (if seed % 2 = 0 then Faults.none else Faults.rough)
        Story.join world line
        let left = Story.openLedger world "left" Story.alice Story.irene Story.native 100 100 1UL
        let right = Story.openLedger world "right" Story.irene Story.bob Story.native 10 10 2UL
        create world "open" Story.alice Story.bob 60 3UL
        world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.alice "open"))
        let id = Story.started world Story.alice "open"
        world.RunUntil("rejected", 900, (fun () -> Story.ended world Story.alice id && rejectedWith world Story.irene id "capacity"))
        world.RunUntil("quiet", 900, (fun () -> Story.waiting world Story.bob = []))
        Story.closeLedger world "closeLeft" Story.irene Story.alice left
        Story.closeLedger world "closeRight" Story.bob Story.irene right

[<Fact>]
let ``what the operator's policy forbids is rejected at both ends`` () =
    let world = Story.world 1 Faults.none
    world.Join(Story.settings Story.alice)
    let strict = Story.settings Story.bob
    world.Join { strict with Policy = { strict.Policy with AnyAsset = ValueSome(Story.amount 40) } }
    ask world Story.alice "open" (CreateLedger(Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 100 50, 7UL))
    world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.alice "open"))
    let id = Story.started world Story.alice "open"
    world.RunUntil("rejected", 60, (fun () -> Story.ended world Story.alice id && rejectedWith world Story.bob id "policy-amount-too-large"))
    // A smaller one is still welcome.
    Story.openLedger world "smaller" Story.alice Story.bob Story.native 100 40 8UL |> ignore

[<Fact>]
let ``a second ledger is rejected, and the first is still found`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]
    let ledger = Story.openLedger world "open" Story.alice Story.bob Story.native 100 50 7UL
    // Our own program would not ask for it; a peer's may.
    world.Distrust Story.alice
    Story.proposeLedger world Story.alice Story.bob 8UL
    world.Run 60
    let found = NodeState.ledgerWith Story.alice Story.native world.Nodes[Story.bob].State
    Assert.Equal(ValueSome ledger, found |> ValueOption.map (fun channel -> channel.Terms.Id))

let private manual (settings: Settings) = { settings with Policy = { settings.Policy with Mode = Manual } }

[<Fact>]
let ``in manual mode the operator approves or rejects, or the deadline decides`` () =
    for choice in [ "approve"; "reject"; "silence" ] do
        let world = Story.world 1 Faults.none
        Story.join world [ Story.alice; Story.irene ]
        let left = Story.openLedger world "left" Story.alice Story.irene Story.native 100 100 1UL
        world.Join(manual (Story.settings Story.bob))
        ask world Story.irene "right" (CreateLedger(Story.bob, 100u, Story.outcome Story.native Story.irene Story.bob 100 100, 2UL))
        world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.irene "right"))
        let right = Story.started world Story.irene "right"
        world.RunUntil("seen", 60, (fun () -> (NodeState.openObjective right world.Nodes[Story.bob].State).IsSome))
        ask world Story.bob "approveRight" (ApproveObjective right)
        world.RunUntil("right", 600, (fun () -> Story.completed world Story.irene right && Story.completed world Story.bob right))
        create world "open" Story.alice Story.bob 60 3UL
        world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.alice "open"))
        let id = Story.started world Story.alice "open"
        world.RunUntil("seen", 60, (fun () -> (NodeState.openObjective id world.Nodes[Story.bob].State).IsSome))

        match choice with
        | "approve" ->
            ask world Story.bob "decide" (ApproveObjective id)
            world.RunUntil("open", 600, (fun () -> everyone world (fun w who -> Story.completed w who id)))
            Story.close world "close" Story.bob line id.Channel
        | "reject" ->
            ask world Story.bob "decide" (RejectObjective(id, "no"))
            world.RunUntil("ended", 60, (fun () -> everyone world (fun w who -> Story.ended w who id)))
        | _ -> world.RunUntil("ended", 1_000, (fun () -> everyone world (fun w who -> Story.ended w who id)))

        Story.closeLedger world "closeLeft" Story.irene Story.alice left
        Story.closeLedger world "closeRight" Story.bob Story.irene right.Channel

[<Fact>]
let ``a token ledger carries a payment channel where the policy allows what cannot be enforced`` () =
    let world = Story.world 1 Faults.none
    Story.join world line
    let left = Story.openLedger world "left" Story.alice Story.irene Story.token 100 100 1UL
    Story.openLedger world "right" Story.irene Story.bob Story.token 100 100 2UL |> ignore
    ask world Story.alice "open" (CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.token Story.alice Story.bob 60 0, 3UL))
    let channel = allOpen world [ "open", Story.alice ] |> List.head
    Story.pay world "pay" Story.alice channel 7
    world.RunUntil("paid", 600, (fun () -> Story.isAnswered world Story.alice "pay"))
    Story.close world "close" Story.bob line channel
    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Assert.Equal(93I, Story.paidTo world Story.token Story.alice)
    Assert.Equal(107I, Story.paidTo world Story.token Story.irene)

[<Fact>]
let ``both sides may ask for the closing at the same moment`` () =
    for seed in 1..10 do
        let world = Story.world seed (if seed % 2 = 0 then Faults.none else Faults.rough)
        Story.join world [ Story.alice; Story.bob ]
        let ledger = Story.openLedger world "open" Story.alice Story.bob Story.native 10 10 1UL
        ask world Story.alice "a" (CloseLedger ledger)
        ask world Story.bob "b" (CloseLedger ledger)
        let id = { Kind = DirectDefunding; Channel = ledger }
        world.RunUntil("closed", 3_000, (fun () -> Story.completed world Story.alice id && Story.completed world Story.bob id))
        Assert.Equal(10I, Story.paidTo world Story.native Story.alice)

[<Fact>]
let ``our own nodes speak go-nitro's dialect where they are told to`` () =
    let world = Story.world 3 Faults.none

    for who in line do
        world.Join { Story.settings who with GoNitroPeers = Set.ofList line }

    let left = Story.openLedger world "left" Story.alice Story.irene Story.native 100 100 1UL
    let right = Story.openLedger world "right" Story.irene Story.bob Story.native 100 100 2UL
    let channel = Story.openPayment world "virtual" Story.alice [ Story.irene ] Story.bob 60 3UL
    Story.pay world "pay" Story.alice channel 7
    world.RunUntil("paid", 600, (fun () -> Story.isAnswered world Story.alice "pay"))
    Story.close world "close" Story.alice line channel
    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Story.closeLedger world "closeRight" Story.irene Story.bob right
    Assert.Equal(107I, Story.paidTo world Story.native Story.bob)
