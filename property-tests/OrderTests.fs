module Nitro.PropertyTests.OrderTests

open System
open Xunit
open FsCheck
open FsCheck.FSharp
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire
open Nitro.Simulation

let private chain = [ Story.alice; Story.irene; Story.ivan; Story.bob ]

/// Bob, with a ledger to the last hub, before anybody has told him of the channel; and the terms that he will be told.
let private payee () =
    let world = Story.world 1 Faults.none
    Story.join world chain
    Story.openLedger world "ledger" Story.ivan Story.bob Story.native 100 100 1UL |> ignore

    let part =
        { Participants = chain
          Nonce = 9UL
          App = (Story.settings Story.bob).VirtualApp
          ChallengeDuration = 100u }

    match Opening.virtualTerms world.Nodes[Story.bob].Settings part (Story.outcome Story.native Story.alice Story.bob 60 0) with
    | Ok terms -> world, terms
    | Error reason -> invalidOp reason

let private said (terms: Terms) (variable: VariablePart) party =
    let hash = State.hash terms.Id variable
    let signature = FakeCurve.sign terms.Parties[party] (Digest.personal hash)

    StateItem(
        { Kind = VirtualFunding; Channel = terms.Id },
        { Fixed = terms.Fixed; Variable = variable; Hash = hash; Signatures = [ party, signature ] }
    )

let private hear (world: SimulatedWorld) state sender item =
    let settings = world.Nodes[Story.bob].Settings
    let frame = PeerV1.encode Story.bob { From = sender; Items = [ item ] }

    match Inbound.receive settings state sender (ReadOnlyMemory frame) with
    | Ok message -> Engine.step settings state { At = world.Now; Event = PeerSaid message }
    | Error offence -> invalidOp $"{offence}"

/// As a link does: what is not taken now comes again, until all is.
let rec private hearAll world state (messages: (Address * PeerItem) list) =
    let folder (state, left) (sender, item) =
        let step = hear world state sender item

        match step.Taking with
        | Take -> step.State, left
        | NotNow _ -> step.State, (sender, item) :: left
        | Offend offence -> invalidOp $"{offence}"

    match messages |> List.fold folder (state, []) with
    | state, [] -> state
    | state, left -> hearAll world state (List.rev left)

[<Fact>]
let ``signatures in any order give the same channels`` () =
    let world, terms = payee ()
    let before = world.Nodes[Story.bob].State

    let messages =
        [ for variable in [ Terms.preFund terms; Terms.postFund terms ] do
              for party in 0..2 -> terms.Parties[party], said terms variable party ]

    let channels (state: NodeState) =
        [ for channel in state.Channels.Items.Values |> Seq.sortBy (fun channel -> channel.Terms.Id) -> channel.Terms, channel.States, channel.Ledger, channel.Payments ]

    let expected = channels (hearAll world before messages)
    Assert.Equal(3, ((Channel.at Turn.postFund (NodeState.channel terms.Id (hearAll world before messages)).Value).Head.Signatures.Count))

    Check.One(
        Config.QuickThrowOnFailure.WithMaxTest 300,
        Prop.forAll (Arb.fromGen (Gen.shuffle messages)) (fun order -> channels (hearAll world before (List.ofArray order)) = expected)
    )

[<Fact>]
let ``a voucher that comes before the opening is complete counts from then on, and not a moment earlier`` () =
    let world, terms = payee ()
    let box = world.Nodes[Story.bob]
    let preFund = hear world box.State Story.alice (said terms (Terms.preFund terms) 0)
    let voucher: Voucher = { Channel = terms.Id; Total = Story.amount 25 }
    let signature = FakeCurve.sign Story.alice (Digest.personal (Voucher.hash voucher))
    let early = hear world preFund.State Story.alice (VoucherItem(voucher, signature, Story.alice))
    let paid (state: NodeState) = (Views.payment state (NodeState.channel terms.Id state).Value).Paid
    Assert.Equal(Take, early.Taking)
    Assert.Equal(Amount.zero, paid early.State)

    let others =
        [ for variable in [ Terms.preFund terms; Terms.postFund terms ] do
              for party in 0..2 -> terms.Parties[party], said terms variable party ]

    // All have signed but Bob himself: the round is not complete.
    let nearly = hearAll world early.State others
    Assert.Equal(Amount.zero, paid nearly)
    let postFund = Terms.postFund terms
    let hash = State.hash terms.Id postFund
    let own = StateSigned(terms.Id, Turn.postFund, hash, terms.MyIndex, FakeCurve.sign Story.bob (Digest.personal hash))
    Assert.Equal(Story.amount 25, paid (NodeState.evolve nearly world.Now own))

[<Fact>]
let ``a ledger asked to close while a channel over it is opening closes once that is over, or is refused`` () =
    for seed in 1..20 do
        let world = Story.world seed (if seed % 3 = 0 then Faults.rough else Faults.none)
        let line = [ Story.alice; Story.irene; Story.bob ]
        Story.join world line
        let left = Story.openLedger world "left" Story.alice Story.irene Story.native 100 100 1UL
        let right = Story.openLedger world "right" Story.irene Story.bob Story.native 100 100 2UL
        world.Ask(Story.alice, Story.request "open", CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 60 0, 3UL))
        let closer = if seed % 2 = 0 then Story.alice else Story.irene
        world.Later(world.Random.Next 300, (fun () -> world.Ask(closer, Story.request "early", CloseLedger left)))
        world.RunUntil("both answered", 900, (fun () -> Story.isAnswered world Story.alice "open" && Story.isAnswered world closer "early"))
        world.Calm()
        world.RunUntil("all at rest", 1_500, (fun () -> line |> List.forall (fun who -> Story.waiting world who = [])))

        match world.Nodes[Story.alice].Answers[Story.request "open"] with
        | ObjectiveStarted id when Story.completed world Story.alice id -> Story.close world "close" Story.bob line id.Channel
        | _ -> ()

        let isClosed = Story.completed world Story.alice { Kind = DirectDefunding; Channel = left }
        if not isClosed then Story.closeLedger world "late" Story.alice Story.irene left
        Story.closeLedger world "closeRight" Story.bob Story.irene right
        world.CheckReplay()
        Assert.Equal(100I, Story.paidTo world Story.native Story.alice)
        Assert.Equal(100I, Story.paidTo world Story.native Story.bob)
