module Nitro.PropertyTests.MalloryTests

open System
open Xunit
open Xunit.Abstractions
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]
let private ask (world: SimulatedWorld) who name command = world.Ask(who, Story.request name, command)

/// Two ledgers, both led by the hub between them.
let private ledgers (world: SimulatedWorld) =
    Story.join world line
    let left = Story.openLedger world "left" Story.irene Story.alice Story.native 100 100 1UL
    let right = Story.openLedger world "right" Story.irene Story.bob Story.native 100 100 2UL
    left, right

/// From now on this node keeps back so much of what it would say.
let private keepsBack (world: SimulatedWorld) who isKept =
    world.Distrust who

    world.Network.Tamper <- fun sender receiver frame ->
        if sender <> who then [ frame ]
        else [ Nitro.Wire.PeerV1.encode receiver { From = who; Items = MalloryWords.read frame |> List.filter (isKept >> not) } ]

let private isUpdate item = match item with ProposalItem _ -> true | StateItem _ | FinalStateWantedItem _ | VoucherItem _ | RejectionItem _ | StandingWantedItem _ | StandingItem _ | LedgersWantedItem -> false
let private isState isWanted item = match item with StateItem(objective, state) -> isWanted objective state | FinalStateWantedItem _ | ProposalItem _ | VoucherItem _ | RejectionItem _ | StandingWantedItem _ | StandingItem _ | LedgersWantedItem -> false

[<Fact>]
let ``a payer that lets no guarantee go holds nobody else's ledger up`` () =
    let world = Story.world 1 Faults.none
    let _, right = ledgers world
    let channel = Story.openPayment world "open" Story.alice [ Story.irene ] Story.bob 60 3UL
    keepsBack world Story.alice isUpdate
    ask world Story.bob "close" (ClosePaymentChannel channel)
    let closing = { Kind = VirtualDefunding; Channel = channel }
    world.RunUntil("closed at the payee", 60, (fun () -> Story.completed world Story.bob closing))
    Assert.False(Story.ended world Story.irene closing)
    Story.closeLedger world "closeRight" Story.bob Story.irene right
    Assert.Equal(100I, Story.paidTo world Story.native Story.bob)

[<Fact>]
let ``a payee that completes no opening does not stop the ledger between payer and hub`` () =
    let world = Story.world 1 Faults.none
    ledgers world |> ignore
    keepsBack world Story.bob (fun item -> isUpdate item || isState (fun objective _ -> objective.Kind = VirtualDefunding) item)
    ask world Story.alice "open" (CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 60 0, 3UL))
    world.Run 700
    let undone = world.Nodes[Story.irene].State.Objectives.Items.Values |> Seq.exists (fun record -> record.Undoing.IsSome)
    Assert.True(undone, "the hub's deadline has passed")
    let other = Story.openPayment world "other" Story.alice [] Story.irene 20 4UL
    Story.pay world "pay" Story.alice other 7
    Story.close world "close" Story.irene [ Story.alice; Story.irene ] other

[<Fact>]
let ``a payer takes back at once what its hub's signer refused to open, whatever the payee keeps back`` () =
    let world = Story.world 1 Faults.none
    let left, _ = ledgers world

    world.Nodes[Story.irene].Signer.Forbids <-
        fun payload ->
            match payload with
            | StatePayload(part, variable) when variable.Turn = Turn.postFund && part.Participants.Length > 2 -> ValueSome "policy-test"
            | _ -> ValueNone

    keepsBack world Story.bob (fun item -> isUpdate item || isState (fun objective _ -> objective.Kind = VirtualDefunding) item)
    ask world Story.alice "open" (CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 60 0, 3UL))
    world.Run 900
    Assert.True(world.Nodes[Story.irene].State.Objectives.Items.Values |> Seq.exists (fun record -> record.Undoing.IsSome), "the hub gave it up")
    Story.closeLedger world "close" Story.alice Story.irene left
    Assert.Equal(100I, Story.paidTo world Story.native Story.alice)

[<Fact>]
let ``seeds that once found something`` () =
    for seed in [ 75UL; 178UL; 289UL; 348UL; 399UL; 1197UL ] do
        let finding = (Run.seed { Run.standard with Mallories = ValueSome 1 } seed).Finding
        Assert.True(finding.IsNone, $"seed {seed}: {finding}")

[<Fact>]
let ``a payer that opens one channel in two ways turns hub and payee against nobody but itself`` () =
    let world = Story.world 1 Faults.none
    let left, right = ledgers world
    world.Distrust Story.alice

    world.Network.Tamper <- fun sender receiver frame ->
        let other item =
            match item with
            | StateItem(objective, state) when sender = Story.alice && receiver = Story.bob && objective.Kind = VirtualFunding ->
                let variable = { state.Variable with Outcome = Story.outcome Story.native Story.alice Story.bob 61 0 }
                let hash = State.hash objective.Channel variable
                StateItem(objective, { state with Variable = variable; Hash = hash; Signatures = [ 0, FakeCurve.sign Story.alice (Digest.personal hash) ] })
            | said -> said

        [ Nitro.Wire.PeerV1.encode receiver { From = sender; Items = MalloryWords.read frame |> List.map other } ]

    ask world Story.alice "open" (CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 60 0, 3UL))
    world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.alice "open"))
    let id = Story.started world Story.alice "open"
    world.RunUntil("given up by both", 120, (fun () -> Story.ended world Story.irene id && Story.ended world Story.bob id))
    Story.closeLedger world "closeRight" Story.bob Story.irene right
    Story.closeLedger world "closeLeft" Story.irene Story.alice left

[<Fact>]
let ``a leader that withholds its pre-funds has no addition countersigned for a removal that cannot be reached`` () =
    let world = Story.world 1 Faults.none
    let left, _ = ledgers world
    keepsBack world Story.irene (isState (fun _ state -> state.Variable.Turn = Turn.preFund))

    let create name share nonce =
        ask world Story.alice name (CreatePaymentChannel([], Story.irene, 100u, Story.outcome Story.native Story.alice Story.irene share 0, nonce))

    let ledger () =
        match NodeState.channel left world.Nodes[Story.alice].State with
        | ValueSome { Ledger = ValueSome found } -> found
        | _ -> invalidOp "no ledger"

    create "first" 60 3UL
    world.Run 100
    create "second" 20 4UL
    // The first is given up, and its removal stands behind the second's addition.
    world.Run 530
    Assert.Equal(3, (ledger ()).Queue.Count)
    Assert.True((ledger ()).Agreed.Guarantees.IsEmpty)
    // With the second given up too, everything can be countersigned to the end.
    world.Run 200
    Assert.True((ledger ()).Queue.IsEmpty && (ledger ()).Agreed.Guarantees.IsEmpty)
    Story.closeLedger world "close" Story.alice Story.irene left
    Assert.Equal(100I, Story.paidTo world Story.native Story.alice)

[<Fact>]
let ``a removal behind it makes no addition good that takes from the wrong side`` () =
    let world = Story.world 1 Faults.none
    let ledger, _ = ledgers world
    world.Distrust Story.irene
    let band = Band(world, [| Story.irene |], Prng 1UL)

    let part =
        { Participants = [ Story.irene; Story.alice ]
          Nonce = 9UL
          App = Places.virtualApp
          ChallengeDuration = 100u }

    let opening = Ledger.tryOpening (Story.outcome Story.native Story.irene Story.alice 60 0) |> ValueOption.get
    let terms: Terms = { Id = FixedPart.channelId part; Fixed = part; Opening = opening; MyIndex = 0; IsLedger = false; Dialect = Nitro }
    let channel () = NodeState.channel ledger world.Nodes[Story.alice].State |> ValueOption.get
    let agreed () = (ValueOption.get (channel ()).Ledger).Agreed
    band.Say(Story.irene, Story.alice, [ Target.state band [ Story.irene ] VirtualFunding terms (Terms.preFund terms) ])
    world.Run 5
    band.Say(Story.irene, Story.alice, [ RejectionItem { Kind = VirtualFunding; Channel = terms.Id } ])
    world.Run 5

    // The payee is to pay for the guarantee, and the payer to have it back.
    let add = Add(Terms.guarantee terms 0, Amount.zero)

    match Ledger.apply add (agreed ()) with
    | Error reason -> invalidOp reason
    | Ok after ->
        let before = agreed ()
        let proposal outcome turn change = Target.proposal band Story.irene (channel ()).Terms outcome turn change
        band.Say(Story.irene, Story.alice, [ proposal before 2UL add; proposal after 3UL (Remove(terms.Id, Story.amount 60)) ])
        world.Run 60
        Assert.Equal(2, (ValueOption.get (channel ()).Ledger).Queue.Count)
        Assert.Equal(before, agreed ())

let private run (options: RunOptions) seed =
    let verdict = Run.seed options seed
    if verdict.Finding.IsSome then invalidOp $"seed {seed}, {options.Mallories}, {options.Tricks}: {verdict.Finding.Value}"
    verdict

[<Fact>]
let ``seed 9332, two byzantine: an opening that is closed before its guarantee had a turn wants none any more`` () =
    run { Run.standard with Mallories = ValueSome 2 } 9332UL |> ignore

let private count (verdict: Verdict) key =
    match verdict.Tally.TryGetValue key with
    | true, found -> found
    | _ -> 0L

/// Seeds from 1 until the trick has met a state in which it could bite so many times.
let private bites name wanted within =
    let mutable seed = 0UL
    let mutable met = 0L

    while met < wanted do
        seed <- seed + 1UL
        if seed > within then invalidOp $"{name}: could bite {met} times only in {within} runs"

        let options =
            { Run.standard with
                People = ValueSome(if seed % 4UL = 0UL then 4 else 3)
                Mallories = ValueSome(if seed % 2UL = 0UL then 1 else 2)
                Faults = ValueSome(if seed % 3UL = 0UL then Faults.rough else Faults.none)
                Tricks = [ name ] }

        met <- met + count (run options seed) $"could bite: {name}"

let private half part = Mallory.names |> List.indexed |> List.filter (fun (index, _) -> index % 2 = part) |> List.map snd

[<Fact>]
let ``every second trick meets states in which it could bite, and does not`` () =
    for name in half 0 do bites name 2L 200UL

[<Fact>]
let ``so does every other trick`` () =
    for name in half 1 do bites name 2L 200UL

[<Fact>]
let ``bands of two and three that are up to anything get nothing out of it`` () =
    for seed in 1UL..24UL do
        run { Run.standard with Mallories = ValueSome(2 + int (seed % 2UL)); People = ValueSome(3 + int (seed % 3UL)) } seed |> ignore

type Fresh(output: ITestOutputHelper) =
    [<Fact>]
    member _.``fresh seeds find nothing either``() =
        let first = uint64 (Random.Shared.NextInt64(1L <<< 40))
        output.WriteLine $"fresh seeds {first} to {first + 9UL}"
        for seed in first .. first + 9UL do run { Run.standard with Mallories = ValueSome(1 + int (seed % 3UL)) } seed |> ignore

[<Fact; Trait("Suite", "long")>]
let ``every trick for long, and bands of all sizes`` () =
    for name in Mallory.names do bites name 40L 600UL
    for seed in 100_000UL..101_500UL do run { Run.standard with Mallories = ValueSome(1 + int (seed % 3UL)) } seed |> ignore
