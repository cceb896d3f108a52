module Nitro.PropertyTests.ClosingTests

open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]
let private ask (world: SimulatedWorld) who name command = world.Ask(who, Story.request name, command)
let private waiting (world: SimulatedWorld) parties = parties |> List.collect (fun who -> Story.waiting world who |> List.map (fun text -> $"{who} {text}"))

let private atRest (world: SimulatedWorld) seed parties =
    let mutable left = 1_300

    while not (waiting world parties).IsEmpty do
        if left = 0 then
            let text = String.concat "; " (waiting world parties)
            invalidOp $"seed {seed} does not come to rest: {text}"

        world.Run 1
        left <- left - 1

/// Two ledgers, led by either side as the seed says, and a payment channel over both.
let private opened seed faults =
    let world, left, right = Story.twoLedgers seed faults
    let channel = Story.openPayment world "open" Story.alice [ Story.irene ] Story.bob 60 3UL
    world, left, right, channel

/// An operator rejects a payment channel's closing; then somebody asks for it again.
let private closingRejected seed faults =
    let world, left, right, channel = opened seed faults
    let closing = { Kind = VirtualDefunding; Channel = channel }
    let asks, rejects = line[seed % 3], line[seed / 3 % 3]
    ask world asks "close" (ClosePaymentChannel channel)
    world.Later(world.Random.Next 150, (fun () -> ask world rejects "reject" (RejectObjective(closing, "no"))))
    world.Run 60

    atRest world seed line

    if not (line |> List.forall (fun who -> Story.completed world who closing)) then
        ask world line[(seed + 1) % 3] "again" (ClosePaymentChannel channel)
        world.RunUntil($"seed {seed}: closed", 1_300, (fun () -> line |> List.forall (fun who -> Story.completed world who closing)))

    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Story.closeLedger world "closeRight" Story.bob Story.irene right

[<Fact>]
let ``a closing that one operator rejected goes on where another wants it`` () =
    for seed in 601..636 do closingRejected seed (if seed % 4 = 0 then Faults.rough else Faults.none)

/// The leader has as many additions in flight as it may when the follower gives them up.
[<Fact>]
let ``additions that the follower has given up are taken back though no more may be in flight`` () =
    for moment in 1..40 do
        let world = Story.world moment Faults.none
        for who in [ Story.alice; Story.bob ] do
            world.Join { Story.settings who with Limits = { Limits.standard with ProposalsInFlight = 1 } }
        let ledger = Story.openLedger world "ledger" Story.alice Story.bob Story.native 100 100 1UL
        // The follower pays, the leader proposes.
        ask world Story.bob "open" (CreatePaymentChannel([], Story.alice, 100u, Story.outcome Story.native Story.bob Story.alice 60 0, 3UL))

        world.Later(5 * moment, (fun () ->
            if Story.isAnswered world Story.bob "open" then
                ask world Story.bob "reject" (RejectObjective(Story.started world Story.bob "open", "no"))))

        world.Run 60
        let id = Story.started world Story.bob "open"
        atRest world moment [ Story.alice; Story.bob ]
        if not (Story.completed world Story.bob id) then Story.closeLedger world "close" Story.bob Story.alice ledger

/// One signer refuses the final state of a ledger once, while the other side has signed it.
let private finalRefused isGoNitro asks refuses =
    let world = Story.world 1 Faults.none
    let both = [ Story.alice; Story.bob ]
    for who in both do world.Join { Story.settings who with GoNitroPeers = if isGoNitro then Set.ofList both else Set.empty }
    let ledger = Story.openLedger world "ledger" Story.alice Story.bob Story.native 100 50 1UL
    let mutable left = 1

    world.Nodes[refuses].Signer.Forbids <-
        fun _ ->
            left <- left - 1
            if left >= 0 then ValueSome "policy-test" else ValueNone

    ask world asks "close" (CloseLedger ledger)
    let id = { Kind = DirectDefunding; Channel = ledger }
    world.Run 60
    atRest world 1 both
    if not (Story.completed world asks id) then Story.closeLedger world "again" asks (List.find ((<>) asks) both) ledger
    Assert.Equal(100I, Story.paidTo world Story.native Story.alice)
    Assert.Equal(50I, Story.paidTo world Story.native Story.bob)

[<Fact>]
let ``a signer that refuses a ledger's final state once does not keep the other side from closing`` () =
    for isGoNitro in [ false; true ] do
        for asks in [ Story.alice; Story.bob ] do
            for refuses in [ Story.alice; Story.bob ] do finalRefused isGoNitro asks refuses

/// Somebody's signer refuses something of a payment channel's closing, once.
let private closingRefused seed =
    let world, left, right, channel = opened seed Faults.none
    let node = world.Nodes[line[seed % 3]]
    let mutable left' = world.Random.Next 4

    node.Signer.Forbids <-
        fun _ ->
            left' <- left' - 1
            if left' = -1 then ValueSome "policy-test" else ValueNone

    let closing = { Kind = VirtualDefunding; Channel = channel }
    ask world line[seed / 3 % 3] "close" (ClosePaymentChannel channel)
    world.Run 60
    node.Signer.Forbids <- fun _ -> ValueNone
    atRest world seed line

    if not (line |> List.forall (fun who -> Story.completed world who closing)) then
        ask world line[(seed + 1) % 3] "again" (ClosePaymentChannel channel)
        world.RunUntil($"seed {seed}: closed", 1_300, (fun () -> line |> List.forall (fun who -> Story.completed world who closing)))

    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Story.closeLedger world "closeRight" Story.bob Story.irene right

[<Fact>]
let ``everybody's signer may refuse anything of a closing, once`` () =
    for seed in 701..748 do closingRefused seed

[<Fact>]
let ``an opening that waited for approval while its ledger was closed and opened again is not approved any more`` () =
    let world = Story.world 1 Faults.none
    world.Join(Story.settings Story.alice)

    for who in [ Story.irene; Story.bob ] do
        let settings = Story.settings who
        world.Join { settings with Policy = { settings.Policy with Mode = Manual } }

    let openLedger name first second nonce =
        ask world first name (CreateLedger(second, 100u, Story.outcome Story.native first second 100 100, nonce))
        world.RunUntil("asked", 60, (fun () -> Story.isAnswered world first name))
        let id = Story.started world first name
        world.RunUntil("seen", 60, (fun () -> (NodeState.openObjective id world.Nodes[second].State).IsSome))
        ask world second $"{name}Yes" (ApproveObjective id)
        world.RunUntil("open", 600, (fun () -> Story.completed world first id && Story.completed world second id))
        id.Channel

    openLedger "left" Story.alice Story.irene 1UL |> ignore
    let right = openLedger "right" Story.irene Story.bob 2UL
    ask world Story.alice "virtual" (CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 60 0, 3UL))
    world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.alice "virtual"))
    let id = Story.started world Story.alice "virtual"
    world.RunUntil("seen", 60, (fun () -> (NodeState.openObjective id world.Nodes[Story.irene].State).IsSome))
    Story.closeLedger world "close" Story.irene Story.bob right
    openLedger "again" Story.irene Story.bob 4UL |> ignore
    ask world Story.irene "approve" (ApproveObjective id)
    world.RunUntil("answered", 60, (fun () -> Story.isAnswered world Story.irene "approve"))

    match world.Nodes[Story.irene].Answers[Story.request "approve"] with
    | Failed problem -> Assert.Equal("capacity", problem.Tag)
    | other -> invalidOp $"{other}"

/// The payee never hears of the hub's post-fund nor of the payment: it learns both from the final state.
[<Fact>]
let ``a final state that pays, told once more to a payee that had never seen the channel open, is no offence`` () =
    let world = Story.world 1 Faults.none
    Story.join world line
    Story.openLedger world "left" Story.alice Story.irene Story.native 100 100 1UL |> ignore
    Story.openLedger world "right" Story.irene Story.bob Story.native 100 100 2UL |> ignore
    let mutable finals = []

    let withheld item =
        match item with
        | StateItem(objective, state) when state.Variable.Turn = Turn.postFund && objective.Kind = VirtualFunding ->
            [ StateItem(objective, { state with Signatures = state.Signatures |> List.filter (fun (party, _) -> party <> 1) }) ]
        | VoucherItem _ -> []
        | StateItem _
        | ProposalItem _
        | FinalStateWantedItem _
        | RejectionItem _
        | StandingWantedItem _
        | StandingItem _
        | LedgersWantedItem -> [ item ]

    world.Network.Tamper <- fun sender receiver frame ->
        if receiver <> Story.bob then
            [ frame ]
        else
            if sender = Story.alice && MalloryWords.read frame |> List.exists (function StateItem(_, state) -> state.Variable.IsFinal | _ -> false) then finals <- frame :: finals
            [ Nitro.Wire.PeerV1.encode receiver { From = sender; Items = MalloryWords.read frame |> List.collect withheld } ]

    ask world Story.alice "open" (CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 60 0, 3UL))
    world.RunUntil("open at the payer", 60, (fun () -> Story.isAnswered world Story.alice "open" && Story.completed world Story.alice (Story.started world Story.alice "open")))
    let channel = (Story.started world Story.alice "open").Channel
    Story.pay world "pay" Story.alice channel 5
    world.Run 5
    Story.close world "close" Story.alice line channel
    let left = NodeState.objective { Kind = VirtualFunding; Channel = channel } world.Nodes[Story.bob].State
    Assert.True(left |> ValueOption.exists (fun record -> record.Ending <> ValueSome Completed), "the payee never saw it open")
    Assert.NotEmpty finals
    for frame in finals do world.Deliver(Story.alice, Story.bob, frame)
    world.Run 60
