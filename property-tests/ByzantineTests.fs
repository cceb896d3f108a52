module Nitro.PropertyTests.ByzantineTests

open System
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire
open Nitro.Simulation

let private hub = Story.irene

/// What a stranger with a key of its own may send: shaped like the real thing, signed by itself, and mostly wrong.
let private forge (world: SimulatedWorld) (mallory: Address) (victim: Address) : PeerItem list =
    let random = world.Random
    let state = world.Nodes[victim].State
    let channels = state.Channels.Items.Values |> Seq.sortBy (fun c -> c.Terms.Id) |> Seq.toArray
    let pick (items: 'T[]) = items[random.Next items.Length]
    let channel = pick channels
    let terms = channel.Terms
    let share () = Story.amount (random.Next 130)
    let sign hash = FakeCurve.sign mallory (Digest.personal hash)
    let kind () = pick [| DirectFunding; DirectDefunding; VirtualFunding; VirtualDefunding |]

    let signed objective (terms: Terms) variable =
        let hash = State.hash terms.Id variable
        let party = terms.Parties |> List.tryFindIndex (fun who -> who = mallory)

        let signatures =
            match party with
            | Some index when random.Next 8 > 0 -> [ index, sign hash ]
            | _ -> []

        StateItem(objective, { Fixed = terms.Fixed; Variable = variable; Hash = hash; Signatures = signatures })

    let proposal (ledger: Channel) (l: LedgerChannel) =
        let virtuals = channels |> Array.filter (fun c -> not c.Terms.IsLedger)
        let target = if virtuals.Length > 0 && random.Next 4 > 0 then (pick virtuals).Terms else ledger.Terms

        let said =
            if random.Next 2 = 0 then Remove(target.Id, share ())
            else
                Add(
                    { Target = target.Id
                      Amount = share ()
                      Left = Destination.ofAddress (pick [| mallory; victim |])
                      Right = Destination.ofAddress (pick [| mallory; victim |]) },
                    share ()
                )

        let turn = LedgerChannel.lastTurn l + uint64 (random.Next 3)

        let hash =
            match Ledger.apply said (LedgerChannel.proposed l) with
            | Ok after -> State.hash ledger.Terms.Id (Ledger.toVariable ledger.Terms.Dialect turn false after)
            | Error _ -> Bytes32.ofUInt64 1UL

        ProposalItem { Ledger = ledger.Terms.Id; Proposal = said; Turn = turn; Signature = sign hash; Recovered = ValueNone }

    let fresh () : Terms =
        let parties =
            match random.Next 3 with
            | 0 -> [ mallory; victim ]
            | 1 -> [ mallory; victim; Story.address (uint64 (500 + random.Next 1_000)) ]
            | _ -> [ Story.address (uint64 (500 + random.Next 1_000)); mallory; victim ]

        let isLedger = parties.Length = 2 && random.Next 2 = 0

        let part =
            { Participants = parties
              Nonce = random.Next64()
              App = (if isLedger then (Story.settings victim).ConsensusApp else (Story.settings victim).VirtualApp)
              ChallengeDuration = 100u }

        { terms with
            Id = FixedPart.channelId part
            Fixed = part
            IsLedger = isLedger
            Dialect = Nitro
            Opening =
                { Asset = Story.native
                  Leader = Destination.ofAddress (List.head parties)
                  LeaderBalance = share ()
                  Follower = Destination.ofAddress (List.last parties)
                  FollowerBalance = Amount.zero
                  Guarantees = Map.empty } }

    match random.Next 9 with
    | 0 ->
        let final = { terms.Opening with LeaderBalance = share (); FollowerBalance = share () }
        let turn = pick [| 0UL; 1UL; 2UL; 3UL; UInt64.MaxValue |]
        [ signed { Kind = kind (); Channel = terms.Id } terms (Ledger.toVariable terms.Dialect turn (random.Next 4 > 0) final) ]
    | 1 ->
        // A balanced final state, of a payment that never was.
        let paid = Amount.min (share ()) terms.Opening.LeaderBalance

        (match Rules.virtualFinalOutcome paid terms.Opening with
         | ValueSome outcome -> [ signed { Kind = VirtualDefunding; Channel = terms.Id } terms (Ledger.toVariable terms.Dialect 2UL true outcome) ]
         | ValueNone -> [])
    | 2 -> [ FinalStateWantedItem { Kind = kind (); Channel = terms.Id } ]
    | 3 -> [ RejectionItem { Kind = kind (); Channel = terms.Id } ]
    | 4 ->
        let voucher: Voucher = { Channel = terms.Id; Total = share () }
        [ VoucherItem(voucher, sign (Voucher.hash voucher), mallory) ]
    | 5
    | 6 ->
        (match channel.Ledger with
         | ValueSome l when not (Channel.isLeader channel && l.Queue.IsEmpty) ->
             [ for _ in 0 .. random.Next 3 -> proposal channel l ]
         | _ -> [])
    | 7 ->
        let made = fresh ()
        [ signed { Kind = (if made.IsLedger then DirectFunding else VirtualFunding); Channel = made.Id } made (Terms.preFund made) ]
    | _ -> [ signed { Kind = kind (); Channel = terms.Id } terms (if random.Next 2 = 0 then Terms.preFund terms else Terms.postFund terms) ]

let private attack (world: SimulatedWorld) mallory victim times =
    for _ in 1..times do
        world.Later(world.Random.Next 60_000, (fun () ->
            match forge world mallory victim with
            | [] -> ()
            | items ->
                let frame = PeerV1.encode victim { From = mallory; Items = items }
                // Some of it damaged on purpose.
                if world.Random.Next 10 = 0 then frame[world.Random.Next frame.Length] <- byte (world.Random.Next 256)
                world.Deliver(mallory, victim, frame)
                if world.Random.Next 3 = 0 then world.Deliver(mallory, victim, frame)))

/// One of payer, hub and payee attacks both others, while it also does what an honest node would.
let private siege seed times =
    let world = Story.world seed Faults.none
    let line = [ Story.alice; hub; Story.bob ]
    let mallory = line[seed / 4 % 3]
    Story.join world line
    let pair first second flip = if flip then second, first else first, second
    let a, b = pair Story.alice hub (seed % 2 = 0)
    let c, d = pair hub Story.bob (seed / 2 % 2 = 0)
    Story.openLedger world "left" a b Story.native 100 100 1UL |> ignore
    Story.openLedger world "right" c d Story.native 100 100 2UL |> ignore
    let running = Story.openPayment world "running" Story.alice [ hub ] Story.bob 20 3UL
    Story.pay world "pay" Story.alice running 5
    world.RunUntil("paid", 60, (fun () -> Story.isAnswered world Story.alice "pay"))
    world.Distrust mallory

    world.OnStep <-
        fun settings _ envelope step ->
            match Laws.ofMoney step.State with
            | [] -> ()
            | found ->
                let text = String.concat "\n" found
                invalidOp (sprintf "seed %d: %O after %A: %s" seed settings.Me envelope.Event text)

    world.Ask(Story.alice, Story.request "next", CreatePaymentChannel([ hub ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 30 0, 4UL))
    for victim in line do
        if victim <> mallory then attack world mallory victim times
    world.Later(30_000, (fun () -> world.Ask(Story.bob, Story.request "close", ClosePaymentChannel running)))
    world.Run 90
    world.CheckReplay()
    world

[<Fact>]
let ``whatever a neighbour sends, nobody throws, every invariant holds and no honest money is lost`` () =
    for seed in 1..12 do siege seed 100 |> ignore

[<Fact; Trait("Suite", "long")>]
let ``the same for long`` () =
    for seed in 1_000..1_400 do siege seed 600 |> ignore

[<Fact>]
let ``what a peer proposes in vain is forgotten but for the newest`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; hub ]
    Story.openLedger world "ledger" Story.alice hub Story.native 100 100 1UL |> ignore
    world.Distrust hub
    let state () = world.Nodes[Story.alice].State

    for nonce in 1..1_000 do
        Story.proposeLedger world hub Story.alice (uint64 (1_000 + nonce))
        world.Run 1

    Assert.True(Table.count (state ()).Channels < 150, $"{Table.count (state ()).Channels} channels")
    Assert.True(Table.count (state ()).Objectives < 150)
    world.CheckReplay()

[<Fact>]
let ``names that a peer makes up cost nothing that lasts`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; hub ]
    Story.openLedger world "ledger" Story.alice hub Story.native 100 100 1UL |> ignore
    world.Distrust hub

    for nonce in 1..300 do
        let others = [ for i in 0UL..2UL -> Story.address (1_000UL + 3UL * uint64 nonce + i) ]

        let part =
            { Participants = hub :: others @ [ Story.alice ]
              Nonce = uint64 nonce
              App = (Story.settings Story.alice).VirtualApp
              ChallengeDuration = 100u }

        let id = FixedPart.channelId part
        let variable: VariablePart = { Outcome = Story.outcome Story.native hub Story.alice 10 0; AppData = [||]; Turn = 0UL; IsFinal = false }
        let hash = State.hash id variable
        let signature = FakeCurve.sign hub (Digest.personal hash)
        let item = StateItem({ Kind = VirtualFunding; Channel = id }, { Fixed = part; Variable = variable; Hash = hash; Signatures = [ 0, signature ] })
        world.Deliver(hub, Story.alice, PeerV1.encode Story.alice { From = hub; Items = [ item ] })
        world.Run 1

    world.Run 60
    Assert.Empty(world.Nodes[Story.alice].State.Outbox.Unfinished)
    Assert.True(Table.count world.Nodes[Story.alice].State.Peers < 5)
