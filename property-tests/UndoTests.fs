module Nitro.PropertyTests.UndoTests

open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire
open Nitro.Engine
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]
let private hub = Story.irene
let private ask (world: SimulatedWorld) who name command = world.Ask(who, Story.request name, command)

let private askToOpen world =
    ask world Story.alice "open" (CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 60 0, 3UL))

/// Two ledgers, led by either side as the seed says, and an opening that has just been asked for.
let private opening seed faults =
    let world, left, right = Story.twoLedgers seed faults
    askToOpen world
    world, left, right

let private started (world: SimulatedWorld) =
    world.RunUntil("asked", 900, (fun () -> Story.isAnswered world Story.alice "open"))
    Story.started world Story.alice "open"

let private busyLedgers (world: SimulatedWorld) =
    [ for who in line do
          for channel in world.Nodes[who].State.Channels.Items.Values do
              match channel.Ledger with
              | ValueSome l when not (LedgerChannel.isIdle l && l.Agreed.Guarantees.IsEmpty && l.Exposures.IsEmpty) ->
                  sprintf "%O %s: queue %d, wanted %d, agreed %d, exposures %d"
                      who (if Channel.isLeader channel then "leads" else "follows") l.Queue.Count l.Wanted.Count l.Agreed.Guarantees.Count l.Exposures.Count
              | _ -> () ]

let private atRest (world: SimulatedWorld) seed condition describe =
    let mutable left = 1_300

    while not (condition ()) do
        if left = 0 then
            let text: string list = describe ()
            invalidOp (sprintf "seed %d does not come to rest: %s" seed (String.concat "; " text))

        world.Run 1
        left <- left - 1

/// Whatever became of the opening: closed if it opened, then both ledgers pay out what was put in.
let private tidyUp (world: SimulatedWorld) seed left right (id: ObjectiveId) =
    let waiting () = line |> List.collect (fun who -> Story.waiting world who |> List.map (fun text -> $"{who} {text}"))
    atRest world seed (fun () -> waiting () = []) waiting

    if Story.completed world Story.alice id
       && (NodeState.objective { Kind = VirtualDefunding; Channel = id.Channel } world.Nodes[Story.alice].State).IsNone then
        Story.close world "close" Story.alice line id.Channel

    atRest world seed (fun () -> busyLedgers world = []) (fun () -> busyLedgers world)
    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Story.closeLedger world "closeRight" Story.bob Story.irene right
    world.CheckReplay()
    Assert.Equal(100I, Story.paidTo world Story.native Story.alice)
    Assert.Equal(100I, Story.paidTo world Story.native Story.bob)

/// Milliseconds until something happens, anywhere within an opening's life.
let private moment (world: SimulatedWorld) = world.Random.Next 400

let private disappears seed faults who =
    let world, left, right = opening seed faults
    world.Later(moment world, (fun () -> world.Leave who))
    world.Later(700_000, (fun () -> world.Return who))
    world.Run 720
    tidyUp world seed left right (started world)

[<Fact>]
let ``a participant that disappears during an opening and comes back leaves nothing behind`` () =
    for seed in 1..18 do
        disappears seed Faults.none line[seed % 3]

[<Fact>]
let ``the same under losses, repeats and crashes`` () =
    for seed in 101..112 do
        disappears seed Faults.rough line[seed % 3]

[<Fact; Trait("Suite", "long")>]
let ``the same for long`` () =
    for seed in 2_000..2_300 do
        disappears seed (if seed % 2 = 0 then Faults.none else Faults.rough) line[seed % 3]

let private twoDisappear seed =
    let world, left, right = opening seed Faults.none
    world.Later(moment world, (fun () -> world.Leave line[seed % 3]))
    world.Later(600_000 + moment world, (fun () -> world.Leave line[(seed + 1) % 3]))
    world.Later(700_000, (fun () -> world.Return line[seed % 3]))
    world.Later(900_000, (fun () -> world.Return line[(seed + 1) % 3]))
    world.Run 920
    tidyUp world seed left right (started world)

[<Fact>]
let ``two participants disappear one after the other`` () =
    for seed in 201..212 do twoDisappear seed

[<Fact; Trait("Suite", "long")>]
let ``two participants disappear, for long`` () =
    for seed in 3_000..3_200 do twoDisappear seed

/// The payer gives up and says so before the payee has even heard of the channel; the hub hears it last, when the payee has signed.
let private gaveUpEarly seed =
    let world, left, right = Story.twoLedgers seed Faults.none
    world.Network.Cut(Story.alice, Story.bob)
    world.Network.Cut(Story.irene, Story.bob)
    askToOpen world
    world.Run 5
    world.Network.Cut(Story.alice, Story.irene)
    let id = started world
    ask world Story.alice "reject" (RejectObjective(id, "no"))
    world.Run 5
    world.Network.Heal(Story.alice, Story.bob)
    world.Run 60
    world.Network.Cut(Story.alice, Story.bob)
    world.Network.Heal(Story.irene, Story.bob)
    world.Run 60
    world.Network.Heal(Story.alice, Story.irene)
    world.Run 60
    world.Network.Heal(Story.alice, Story.bob)
    tidyUp world seed left right id

[<Fact>]
let ``who signs the post-fund of an opening that was given up is told so`` () =
    for seed in 0..11 do gaveUpEarly seed

/// Each signer refuses the first final state that it is asked for.
let private refuseFinals (world: SimulatedWorld) =
    for who in line do
        let mutable times = 1

        world.Nodes[who].Signer.Forbids <-
            fun payload ->
                match payload with
                | StatePayload(part, variable) when variable.IsFinal && part.Participants.Length > 2 && times > 0 ->
                    times <- times - 1
                    ValueSome "policy-test"
                | _ -> ValueNone

let private rejected seed isRefused =
    let world, left, right = opening seed (if seed % 4 = 0 then Faults.rough else Faults.none)
    let who = line[seed % 3]
    if isRefused then refuseFinals world

    let rec reject () =
        match world.Nodes[who].State.Objectives.Items.Keys |> Seq.tryFind (fun id -> id.Kind = VirtualFunding) with
        | Some id -> ask world who "reject" (RejectObjective(id, "no"))
        | None -> world.Later(5, reject)

    world.Later(moment world, reject)
    world.Run 60
    for who in line do world.Nodes[who].Signer.Forbids <- fun _ -> ValueNone
    tidyUp world seed left right (started world)

[<Fact>]
let ``an operator may reject a half-open channel at any moment, at any place`` () =
    for seed in 301..318 do rejected seed false

[<Fact>]
let ``the same where every signer refuses a final state once`` () =
    for seed in 319..348 do rejected seed true

[<Fact; Trait("Suite", "long")>]
let ``an operator may reject, for long`` () =
    for seed in 4_000..4_200 do rejected seed (seed % 2 = 0)

/// The payer signs neither post-fund nor final state. The hub has signed its post-fund when the payee gives up before its own.
let private paymentWithheld seed =
    let world, left, right = opening seed Faults.none

    let withhold who isWithheld =
        world.Nodes[who].Signer.Forbids <-
            fun payload ->
                match payload with
                | StatePayload(part, variable) when part.Participants.Length > 2 && isWithheld variable -> ValueSome "policy-test"
                | _ -> ValueNone

    withhold Story.alice (fun variable -> variable.IsFinal || variable.Turn = Turn.postFund)
    withhold Story.bob (fun variable -> variable.Turn = Turn.postFund)

    world.Run 60
    let id = started world
    let hubIsBound = NodeState.channel id.Channel world.Nodes[hub].State |> ValueOption.exists (Channel.hasSigned Turn.postFund)
    atRest world seed (fun () -> busyLedgers world = []) (fun () -> busyLedgers world)
    for who in line do world.Nodes[who].Signer.Forbids <- fun _ -> ValueNone
    tidyUp world seed left right id
    hubIsBound

[<Fact>]
let ``what a payee gives up goes back through a hub that has signed, without the payer's final state`` () =
    let bound = [ for seed in 600..623 -> paymentWithheld seed ]
    Assert.Contains(true, bound)
    Assert.Contains(false, bound)

/// Either side rejects a ledger's opening; whatever was put in comes out again.
let private ledgerRejected seed faults leaderShare =
    let world = Story.world seed faults
    let both = [ Story.alice; Story.bob ]
    Story.join world both
    ask world Story.alice "open" (CreateLedger(Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob leaderShare 50, 7UL))
    world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.alice "open"))
    let id = Story.started world Story.alice "open"
    let who = both[seed % 2]
    world.Later(world.Random.Next 200, (fun () -> ask world who "reject" (RejectObjective(id, "no"))))
    let waiting () = both |> List.collect (fun who -> Story.waiting world who |> List.map (fun text -> $"{who} {text}"))
    world.Run 60
    atRest world seed (fun () -> waiting () = []) waiting

    if Story.completed world Story.alice id then
        Story.closeLedger world "close" Story.alice Story.bob id.Channel
        Assert.Equal(bigint leaderShare, Story.paidTo world Story.native Story.alice)
        Assert.Equal(50I, Story.paidTo world Story.native Story.bob)
    else
        Assert.Equal(Amount.zero, Contracts.holdings Story.native id.Channel world.Chain.Head.After)

[<Fact>]
let ``an operator may reject a ledger's opening at any moment, on either side, and no deposit stays behind`` () =
    for seed in 501..540 do
        ledgerRejected seed (if seed % 4 = 0 then Faults.rough else Faults.none) (if seed % 3 = 0 then 0 else 100)

let private refused seed =
    let world, left, right = opening seed Faults.none
    let box = world.Nodes[line[seed % 3]]
    let mutable left' = world.Random.Next 4
    box.Signer.Forbids <-
        fun _ ->
            left' <- left' - 1
            if left' = -1 then ValueSome "policy-test" else ValueNone
    world.Run 60
    box.Signer.Forbids <- fun _ -> ValueNone
    tidyUp world seed left right (started world)

[<Fact>]
let ``everybody's signer may refuse anything of an opening, once`` () =
    for seed in 401..424 do refused seed

[<Fact; Trait("Suite", "long")>]
let ``everybody's signer may refuse, for long`` () =
    for seed in 5_000..5_200 do refused seed

/// Two strangers, payer and payee, try to have the hub pay out of a guarantee while nothing came in on the other side.
[<Fact>]
let ``a hub signs no final state that pays before its post-fund is out`` () =
    for flip in [ 0; 1; 2; 3 ] do
        let world, _, _ = opening flip Faults.none
        world.Distrust Story.alice
        world.Distrust Story.bob
        // The payer's side never signs a change of its ledger with the hub.
        world.Nodes[Story.alice].Signer.Forbids <-
            fun payload ->
                match payload with
                | StatePayload(part, variable) when part.Participants.Length = 2 && variable.Turn > 1UL -> ValueSome "withheld"
                | _ -> ValueNone
        let id = started world
        world.Run 1
        let terms = (NodeState.channel id.Channel world.Nodes[Story.alice].State |> ValueOption.get).Terms
        let final = { terms.Opening with LeaderBalance = Story.amount 20; FollowerBalance = Story.amount 40 }
        let variable = Ledger.toVariable terms.Dialect Turn.virtualFinal true final
        let hash = State.hash terms.Id variable

        for party, who in [ 0, Story.alice; 2, Story.bob ] do
            let signature = FakeCurve.sign who (Digest.personal hash)
            let item =
                StateItem(
                    { Kind = VirtualDefunding; Channel = terms.Id },
                    { Fixed = terms.Fixed; Variable = variable; Hash = hash; Signatures = [ party, signature ] })
            world.Deliver(who, Story.irene, PeerV1.encode Story.irene { From = who; Items = [ item ] })

        world.Run 1_500
        let hub = world.Nodes[Story.irene].State
        Assert.Empty(Laws.ofMoney hub)

        match NodeState.channel terms.Id hub with
        | ValueSome channel ->
            let paid = Channel.ownFinal channel |> Option.map (fun seen -> Rules.virtualFinal terms.Opening seen.Variable)
            Assert.True((paid = None || paid = Some(Ok Amount.zero)), $"the hub signed {paid}")
        | ValueNone -> ()

[<Fact>]
let ``a voucher that arrives while the payee's final signature is under way does not count`` () =
    let world, _, _ = opening 1 Faults.none
    let id = started world
    world.RunUntil("open", 60, (fun () -> line |> List.forall (fun who -> Story.completed world who id)))
    world.Distrust Story.alice
    ask world Story.alice "close" (ClosePaymentChannel id.Channel)
    let bob () = world.Nodes[Story.bob].State
    let mutable sent = false

    // The moment Bob asks his signer for the final state, the payer hands him a better voucher.
    world.OnStep <-
        fun settings _ _ step ->
            if settings.Me = Story.bob && not sent && NodeState.isSigning id.Channel Turn.virtualFinal step.State then
                sent <- true
                let voucher: Voucher = { Channel = id.Channel; Total = Story.amount 30 }
                let signature = FakeCurve.sign Story.alice (Digest.personal (Voucher.hash voucher))
                let message = { From = Story.alice; Items = [ VoucherItem(voucher, signature, Story.alice) ] }
                world.Later(0, (fun () -> world.Deliver(Story.alice, Story.bob, PeerV1.encode Story.bob message)))

    world.Run 60
    Assert.True sent

    match NodeState.channel id.Channel (bob ()) with
    | ValueSome({ Payments = ValueSome payments } as channel) ->
        Assert.True((Channel.ownFinal channel).IsSome)
        Assert.Equal(Amount.zero, payments.Best)
    | _ -> invalidOp "no channel"
