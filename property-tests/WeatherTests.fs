module Nitro.PropertyTests.WeatherTests

open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Simulation

let private ask (world: SimulatedWorld) who name command = world.Ask(who, Story.request name, command)

let private ledgerOf (world: SimulatedWorld) who id = NodeState.channel id world.Nodes[who].State |> ValueOption.get

/// Facts that a node writes in so many seconds.
let private growth (world: SimulatedWorld) who seconds =
    let before = world.Nodes[who].Journal.Count
    world.Run seconds
    world.Nodes[who].Journal.Count - before

[<Fact>]
let ``deposits in doubt stop what adds exposure, are read again at a slow pace, and heal`` () =
    for healed in [ true; false ] do
        let world = Story.world 1 Faults.none
        Story.join world [ Story.alice; Story.bob ]
        let ledger = Story.openLedger world "open" Story.alice Story.bob Story.native 100 100 1UL
        if not healed then world.Chain.Distort(fun contracts -> { contracts with Holdings = contracts.Holdings.Remove ledger; Deposited = Funds.empty })
        world.RunUntil("seen", 120, (fun () -> world.Chain.IsIdle && [ Story.alice; Story.bob ] |> List.forall (fun who -> world.Nodes[who].Chain.IsUpToDate)))
        let doubting = System.Collections.Generic.HashSet<Address>()

        world.OnStep <-
            fun settings _ _ step ->
                if NodeState.channel ledger step.State |> ValueOption.exists (fun c -> c.Chain.Doubtful) then doubting.Add settings.Me |> ignore

        for who in [ Story.alice; Story.bob ] do world.Feed(who, ChainRetracted 1UL)
        world.RunUntil("doubted", 5, (fun () -> doubting.Count = 2))
        world.Run 30

        if not healed then
            ask world Story.alice "doubtful" (CreatePaymentChannel([], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 60 0, 3UL))
            world.Run 30

            match world.Nodes[Story.alice].Answers[Story.request "doubtful"] with
            | Failed problem -> Assert.Contains("in doubt", problem.Message)
            | other -> invalidOp $"{other}"

            let facts = growth world Story.alice 3_600
            Assert.True(facts < 300, $"{facts} facts in an hour of doubt")
            world.Gift(ledger, Story.native, Story.amount 200)

        world.RunUntil("healed", 600, (fun () -> not (ledgerOf world Story.alice ledger).Chain.Doubtful && not (ledgerOf world Story.bob ledger).Chain.Doubtful))
        let channel = Story.openPayment world "healthy" Story.alice [] Story.bob 60 4UL
        Story.close world "close" Story.bob [ Story.alice; Story.bob ] channel
        Story.closeLedger world "closeLedger" Story.bob Story.alice ledger
        Assert.Equal(100I, Story.paidTo world Story.native Story.alice)
        world.CheckReplay()

[<Fact>]
let ``a payout that a reading overtakes still counts`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]
    let ledger = Story.openLedger world "open" Story.alice Story.bob Story.native 100 100 1UL
    let mutable final = ValueNone

    world.OnStep <-
        fun settings _ _ step ->
            if settings.Me = Story.alice && final.IsNone then
                match NodeState.channel ledger step.State with
                | ValueSome channel when (Channel.completeFinal channel).IsSome -> final <- ValueSome step.State
                | _ -> ()

    ask world Story.alice "close" (CloseLedger ledger)
    world.Run 60
    let at height : ChainPosition = { Height = height; Index = 0u; BlockHash = Bytes32.ofUInt64 height }
    let id = { Kind = DirectDefunding; Channel = ledger }
    let state = ValueOption.get final
    let settings = world.Nodes[Story.alice].Settings
    let step state event = (Engine.step settings state { At = world.Now; Event = event }).State
    let doubted = step state (ChainRetracted 1UL)
    let struct (reading, _) = Outbox.unfinished doubted.Outbox |> List.find (fun (struct (_, intent)) -> intent = SubmitCall(ReadHoldings ledger))
    let read = step doubted (ChainShowed(HoldingsRead(reading, Amount.zero), at 1_050UL))
    let paid = step read (ChainShowed(PaidOut(ledger, 0, Story.amount 200, Amount.zero), at 1_049UL))
    Assert.Equal(ValueSome(ValueSome Completed), NodeState.objective id paid |> ValueOption.map (fun record -> record.Ending))

[<Fact>]
let ``a signer that goes on refusing is asked again at a slow pace, and the ledger opens once it agrees`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]

    world.Nodes[Story.bob].Signer.Forbids <-
        fun payload ->
            match payload with
            | StatePayload(_, variable) when variable.Turn = Turn.postFund -> ValueSome "policy-test"
            | _ -> ValueNone

    ask world Story.alice "open" (CreateLedger(Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 100 50, 7UL))
    world.Run 60
    let facts = growth world Story.bob 3_600
    Assert.True(facts < 300, $"{facts} facts in an hour of refusals")
    world.Nodes[Story.bob].Signer.Forbids <- fun _ -> ValueNone
    let id = Story.started world Story.alice "open"
    world.RunUntil("open", 900, (fun () -> Story.completed world Story.alice id && Story.completed world Story.bob id))

[<Fact>]
let ``refused payments free what they had reserved, and the next ones go through`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]
    Story.openLedger world "open" Story.alice Story.bob Story.native 100 100 1UL |> ignore
    let channel = Story.openPayment world "virtual" Story.alice [] Story.bob 60 4UL

    world.Nodes[Story.alice].Signer.Forbids <-
        fun payload ->
            match payload with
            | VoucherPayload voucher when voucher.Total > Story.amount 30 -> ValueSome "policy-voucher-ceiling"
            | _ -> ValueNone

    for i in 1..3 do
        ask world Story.alice $"big{i}" (Pay(channel, Story.amount 20, HandedOut))

    world.RunUntil("answered", 60, (fun () -> [ 1..3 ] |> List.forall (fun i -> Story.isAnswered world Story.alice $"big{i}")))
    ask world Story.alice "small" (Pay(channel, Story.amount 10, Sent))
    world.RunUntil("small", 60, (fun () -> Story.isAnswered world Story.alice "small"))

    match world.Nodes[Story.alice].Answers[Story.request "small"] with
    | Paid(_, amount) -> Assert.Equal(Story.amount 10, amount)
    | other -> invalidOp $"{other}"

[<Fact>]
let ``a node with nothing to do writes nothing`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]
    Story.openLedger world "open" Story.alice Story.bob Story.native 100 100 1UL |> ignore
    Story.openPayment world "virtual" Story.alice [] Story.bob 60 4UL |> ignore
    world.Run 600
    Assert.Equal(0, growth world Story.alice 7_200)
    Assert.Equal(0, growth world Story.bob 7_200)

[<Fact>]
let ``an opening whose peer never answers is told again at a slow pace only`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]
    world.Leave Story.bob
    ask world Story.alice "open" (CreateLedger(Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 100 50, 7UL))
    world.Run 60
    Assert.True(growth world Story.alice 7_200 < 200)

[<Fact>]
let ``a closing whose final state is signed cannot be taken back`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]
    let ledger = Story.openLedger world "open" Story.alice Story.bob Story.native 100 100 1UL
    world.Leave Story.bob
    ask world Story.alice "close" (CloseLedger ledger)
    world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.alice "close"))
    ask world Story.alice "reject" (RejectObjective(Story.started world Story.alice "close", "no"))
    world.RunUntil("answered", 60, (fun () -> Story.isAnswered world Story.alice "reject"))

    match world.Nodes[Story.alice].Answers[Story.request "reject"] with
    | Failed problem -> Assert.Equal("too-late", problem.Tag)
    | other -> invalidOp $"{other}"

    world.Return Story.bob
    let id = Story.started world Story.alice "close"
    world.RunUntil("closed", 900, (fun () -> Story.completed world Story.alice id && Story.completed world Story.bob id))
