module Nitro.PropertyTests.EpochTests

open System
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]
let private ask (world: SimulatedWorld) who name command = world.Ask(who, Story.request name, command)

/// As it would be read from a journal.
let private throughBytes (fact: Fact) : Fact =
    let struct (name, version, body) = LogV1.encode fact

    match LogV1.decode name version (ReadOnlyMemory body) with
    | Ok read -> read
    | Error reason -> invalidOp reason

/// As a snapshot would give it.
let private imaged (state: NodeState) : NodeState =
    let piece bytes = match StateImage.read (ReadOnlyMemory bytes) with Ok found -> found | Error reason -> invalidOp reason
    StateImage.write state |> List.map piece |> StateImage.assemble state.Position state.SeenHeight |> NodeDraft.finish

/// The state as only its opening knows it, through the journal's bytes: the same one, or the law is broken.
let private restated (state: NodeState) : NodeState =
    let opening = Epoch.opening 1 state |> List.map throughBytes

    match opening with
    | EpochOpened(1, count, _) :: others when count = opening.Length && others |> List.forall (fun fact -> fact.IsRestated) -> ()
    | _ -> invalidOp "an opening starts with EpochOpened, which counts its facts, and holds restatements only"

    let folded = Epoch.fold (state.Position - int64 opening.Length) opening
    if folded <> state then invalidOp $"{state.Position}: its opening does not give the state"
    if imaged state <> state then invalidOp $"{state.Position}: its image does not give the state"
    folded

/// What has come up in the states that were judged: a law over empty lists says nothing.
type private Sights() =
    let seen = Collections.Generic.HashSet<string>()

    let look (thing: Restatement) =
        match thing with
        | ChannelRestated r ->
            [ "channel"
              if not r.Seen.IsEmpty then "seen"
              if not r.Told.IsEmpty then "told"
              if r.Chain.Doubtful then "doubtful"
              if r.Chain.RetryAt.IsSome then "retry"
              if r.Chain.MayConclude then "mayConclude" ]
        | GivenUpRestated _ -> [ "givenUp" ]
        | LedgerRestated(_, _, _, _, _, nextWanted) -> [ "ledger"; if nextWanted > 0L then "nextWanted" ]
        | GuaranteeRestated _ -> [ "guarantee" ]
        | QueuedRestated(_, _, _, _, signature) -> [ if signature.IsSome then "queued" else "unsigned" ]
        | WantedRestated _ -> [ "wanted" ]
        | ExposureRestated(_, _, exposure) ->
            [ "exposure"
              if exposure.Locked then "locked"
              if exposure.Reserved.IsSome then "reserved" ]
        | AnsweredRestated _ -> [ "answered" ]
        | PaymentsRestated(_, r) -> [ if r.Issued.IsZero then "best" else "issued" ]
        | PendingRestated(_, _, _, _, kind) -> [ if kind = Sent then "pending" else "handedOut" ]
        | ObjectiveRestated record ->
            [ "objective"
              if record.Ending.IsNone && not record.Approved then "unapproved"
              if record.Undoing.IsSome then "undoing" ]
        | PeerRestated(_, refused, _, retellAt, retoldUpTo) ->
            [ "peer"
              if not refused.IsEmpty then "refused"
              if retellAt.IsSome then "retelling"
              if retoldUpTo.IsSome then "retoldUpTo" ]
        | RequestRestated(_, _, _, result) ->
            [ match result with
              | Bound _ -> "bound"
              | Payment _ -> "payment"
              | PaymentFailed _ -> "paymentFailed" ]
        | EndedRestated _ -> [ "ended" ]
        | TombstonesRestated _ -> [ "tombstones" ]
        | LedgerListed _ -> [ "listed" ]
        | IntentRestated _ -> [ "intent" ]
        | StaleRestated _ -> [ "stale" ]
        | RestoredRestated _ -> [ "restored" ]
        | WakeRestated(_, topic) -> [ if topic.IsOpeningDeadline then "deadline" elif topic.IsConcludeInstead then "concludeInstead" else "wake" ]

    member _.Add(state: NodeState) =
        for fact in Epoch.opening 1 state do
            match fact with
            | Restated thing -> look thing |> List.iter (fun sight -> seen.Add sight |> ignore)
            | other -> if not other.IsEpochOpened then invalidOp $"{other}"

    member _.Lacks(wanted: string list) = wanted |> List.filter (fun sight -> not (seen.Contains sight))

/// Judges the state before every so many steps, and what the restated node makes of the same event.
let private watch (world: SimulatedWorld) (sights: Sights) every =
    let mutable count = 0

    world.OnStep <-
        fun settings before envelope step ->
            count <- count + 1

            if count % every = 0 then
                sights.Add before
                let same = Engine.step settings (restated before) envelope

                if same.Facts <> step.Facts || same.Effects <> step.Effects || same.Replies <> step.Replies || same.State <> step.State then
                    invalidOp $"{settings.Me} goes on otherwise after {envelope.Event}"

let private paymentLife (world: SimulatedWorld) seed =
    Story.join world line
    let first = if seed % 2 = 0 then Story.alice, Story.irene else Story.irene, Story.alice
    let left = Story.openLedger world "left" (fst first) (snd first) Story.native 1_000 1_000 1UL
    let right = Story.openLedger world "right" Story.irene Story.bob Story.native 1_000 1_000 2UL
    let names = [ for i in 1..3 -> $"open{i}", (if i % 2 = 0 then Story.alice, Story.bob else Story.bob, Story.alice) ]

    for i, (name, (payer, payee)) in List.indexed names do
        ask world payer name (CreatePaymentChannel([ Story.irene ], payee, 100u, Story.outcome Story.native payer payee 100 0, uint64 (10 + i)))

    world.RunUntil("asked", 600, (fun () -> names |> List.forall (fun (name, (payer, _)) -> Story.isAnswered world payer name)))
    let channels = names |> List.map (fun (name, (payer, _)) -> payer, Story.started world payer name)
    world.RunUntil("open", 3_000, (fun () -> channels |> List.forall (fun (_, id) -> line |> List.forall (fun who -> Story.completed world who id))))

    for payer, id in channels do
        for i in 1..6 do
            ask world payer $"pay{payer}{id}{i}" (Pay(id.Channel, Story.amount i, (if i % 3 = 0 then HandedOut else Sent)))

    let isPaid (payer, id) = [ 1..6 ] |> List.forall (fun i -> Story.isAnswered world payer $"pay{payer}{id}{i}")
    world.RunUntil("paid", 3_000, (fun () -> List.forall isPaid channels))
    channels, left, right

let private closeAll (world: SimulatedWorld) seed (channels: (Address * ObjectiveId) list, left, right) =
    for i, (_, id) in List.indexed channels do ask world line[(seed + i) % 3] $"close{i}" (ClosePaymentChannel id.Channel)

    let closed (_, id: ObjectiveId) =
        line |> List.forall (fun who -> Story.completed world who { Kind = VirtualDefunding; Channel = id.Channel })

    world.RunUntil("closed", 6_000, (fun () -> List.forall closed channels))
    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Story.closeLedger world "closeRight" Story.bob Story.irene right
    // Bob pays in two channels, Alice in one, 21 each time.
    Assert.Equal(1_021I, Story.paidTo world Story.native Story.alice)
    Assert.Equal(979I, Story.paidTo world Story.native Story.bob)
    Assert.Equal(2_000I, Story.paidTo world Story.native Story.irene)

let private lacks (sights: Sights) (wanted: string list) = Assert.Empty(sights.Lacks wanted)

[<Fact>]
let ``an opening gives the very state it was made of, at any moment of a rough life, and that node goes on the same way`` () =
    let sights = Sights()

    for seed in 1..3 do
        let world = Story.world seed Faults.rough
        watch world sights 3
        paymentLife world seed |> closeAll world seed

    lacks
        sights
        [ "channel"; "seen"; "told"; "ledger"; "nextWanted"; "guarantee"; "queued"; "unsigned"; "exposure"; "locked"; "reserved"
          "answered"; "issued"; "best"; "pending"; "handedOut"; "objective"; "peer"; "retelling"; "bound"; "payment"; "ended"; "listed"
          "intent"; "deadline"; "concludeInstead" ]

[<Fact>]
let ``so it does while deposits are in doubt, calls are refused and somebody else deposits`` () =
    let sights = Sights()
    let world = Story.world 1 Faults.none
    watch world sights 1
    Story.join world [ Story.alice; Story.bob ]
    let ledger = Story.openLedger world "open" Story.alice Story.bob Story.native 100 100 1UL
    world.Chain.Distort(fun contracts -> { contracts with Holdings = contracts.Holdings.Remove ledger; Deposited = Funds.empty })
    for who in [ Story.alice; Story.bob ] do world.Feed(who, ChainRetracted 1UL)
    world.Run 60
    world.Gift(ledger, Story.native, Story.amount 200)
    world.Run 600
    Story.closeLedger world "close" Story.bob Story.alice ledger
    lacks sights [ "doubtful" ]

let private manual (settings: Settings) = { settings with Policy = { settings.Policy with Mode = Manual } }

[<Fact>]
let ``so it does while operators, policies, signers and deadlines refuse`` () =
    let sights = Sights()
    let world = Story.world 1 Faults.none
    watch world sights 1
    Story.join world [ Story.alice; Story.irene ]
    let left = Story.openLedger world "left" Story.alice Story.irene Story.native 100 100 1UL
    let strict = manual (Story.settings Story.bob)
    world.Join { strict with Policy = { strict.Policy with AnyAsset = ValueSome(Story.amount 100) } }
    ask world Story.irene "large" (CreateLedger(Story.bob, 100u, Story.outcome Story.native Story.irene Story.bob 100 200, 4UL))
    world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.irene "large"))
    world.RunUntil("refused", 60, (fun () -> Story.ended world Story.irene (Story.started world Story.irene "large")))
    ask world Story.irene "right" (CreateLedger(Story.bob, 100u, Story.outcome Story.native Story.irene Story.bob 100 100, 2UL))
    world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.irene "right"))
    let right = Story.started world Story.irene "right"
    world.Run 5
    ask world Story.bob "approve" (ApproveObjective right)
    world.RunUntil("right", 600, (fun () -> Story.completed world Story.irene right && Story.completed world Story.bob right))
    let opening = Story.outcome Story.native Story.alice Story.bob 60 0
    ask world Story.alice "silence" (CreatePaymentChannel([ Story.irene ], Story.bob, 100u, opening, 3UL))
    world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.alice "silence"))
    world.Run 1
    world.Leave Story.irene
    world.RunUntil("undone", 1_000, (fun () -> Story.ended world Story.bob (Story.started world Story.alice "silence")))
    world.Return Story.irene
    let ended who = Story.ended world who (Story.started world Story.alice "silence")
    world.RunUntil("ended", 1_000, (fun () -> List.forall ended line))

    let channel = Story.openPayment world "direct" Story.alice [] Story.irene 60 5UL
    world.Nodes[Story.alice].Signer.Forbids <- fun payload -> if payload.IsVoucherPayload then ValueSome "policy-test" else ValueNone
    Story.pay world "pay" Story.alice channel 7
    world.RunUntil("answered", 60, (fun () -> Story.isAnswered world Story.alice "pay"))
    Story.close world "close" Story.irene [ Story.alice; Story.irene ] channel
    Story.closeLedger world "closeLeft" Story.irene Story.alice left
    Story.closeLedger world "closeRight" Story.bob Story.irene right.Channel
    lacks sights [ "unapproved"; "refused"; "paymentFailed"; "undoing"; "givenUp"; "deadline" ]

[<Fact>]
let ``nodes that open epochs at any moment, and know nothing from before them, live as ever`` () =
    let mutable opened = 0

    for seed in 1..4 do
        let world = Story.world seed Faults.rough

        let rec epochs who =
            let drafted = EpochDraft.write world.Nodes[who].State

            world.Later(
                world.Random.Next 400,
                fun () ->
                    if world.Nodes[who].TryOpenEpoch(opened + 1, drafted) then opened <- opened + 1
                    world.Later(world.Random.Next 2_000, (fun () -> epochs who))
            )

        world.Later(1, (fun () -> List.iter epochs line))
        paymentLife world seed |> closeAll world seed
        world.CheckReplay()

    Assert.True(opened > 100, $"{opened} epochs")

[<Fact>]
let ``what was written beforehand is used as far as it still holds`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]
    Story.openLedger world "open" Story.alice Story.bob Story.native 100 100 1UL |> ignore
    let channel = Story.openPayment world "virtual" Story.alice [] Story.bob 60 2UL
    let drafted = EpochDraft.write world.Nodes[Story.alice].State
    Assert.Equal((Epoch.opening 1 world.Nodes[Story.alice].State).Length, drafted.Count)
    Story.pay world "pay" Story.alice channel 7
    world.RunUntil("paid", 60, (fun () -> Story.isAnswered world Story.alice "pay"))

    match EpochDraft.finish 1 drafted world.Nodes[Story.alice].State with
    | Error reason -> invalidOp reason
    | Ok opened ->
        let expected = Epoch.opening 1 world.Nodes[Story.alice].State |> List.map LogV1.encode
        Assert.Equal<struct (string * int * byte[]) list>(expected, List.ofArray opened.Records)
        let bodies (records: seq<struct (string * int * byte[])>) = records |> Seq.map (fun struct (_, _, body) -> body)
        let drafted = Collections.Generic.HashSet<byte[]>(drafted.Written.Values |> Seq.collect _.Records |> bodies, HashIdentity.Reference)
        let isNew = bodies opened.Records |> Seq.filter (drafted.Contains >> not) |> Seq.length
        // The first record, the payment channel with its voucher, the request, and what is never kept.
        Assert.InRange(isNew, 3, 12)
        Assert.True(expected.Length > 12, $"{expected.Length}")

[<Fact>]
let ``tombstones are restated some together, and a retelling where it was`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]
    let ledger = Story.openLedger world "open" Story.alice Story.bob Story.native 100 100 1UL
    let state = world.Nodes[Story.alice].State
    let id n = ChannelId(Bytes32.ofUInt64 n)

    let old =
        { state with
            Tombstones = seq { 1UL .. 200UL } |> Seq.fold (fun table n -> Table.add (id n) true table) state.Tombstones }
        |> Known.onPeer Story.bob (fun p ->
            { p with
                Refused = [ { Kind = DirectFunding; Channel = id 1UL } ]
                RetoldUpTo = ValueSome { Kind = DirectFunding; Channel = ledger } })

    let waiting =
        old
        |> Known.onLedger ledger (LedgerChannel.want (Remove(id 9UL, Amount.one)))
        |> Known.onChannel ledger (Channel.onChain (fun chain -> { chain with Attempts = 3; RetryAt = ValueSome(Instant 5L) }))

    restated old |> ignore
    restated waiting |> ignore
    Assert.Equal(4, Epoch.opening 1 old |> List.filter (fun fact -> match fact with Restated(TombstonesRestated _) -> true | _ -> false) |> List.length)

[<Fact>]
let ``an opening that would not give the node is refused`` () =
    let world = Story.world 1 Faults.none
    Story.join world [ Story.alice; Story.bob ]
    let ledger = Story.openLedger world "open" Story.alice Story.bob Story.native 100 100 1UL
    let payments = Story.openPayment world "virtual" Story.alice [] Story.bob 60 2UL
    let state = world.Nodes[Story.alice].State

    for broken in
        [ { state with OpenCount = state.OpenCount + 1 }
          { state with EndedCount = 1 }
          { state with RequestOrder = Line.empty }
          { state with Requests = Table.remove (Story.request "open") state.Requests }
          Known.onLedger ledger (fun l -> { l with Locked = Amount.one }) state
          Known.onChannel payments (Channel.onPayments (fun p -> { p with Reserved = Amount.one })) state
          Known.onPeer Story.bob (fun p -> { p with Unapproved = 1; RetellAt = ValueSome(Instant 5L) }) state
          { state with Outbox = { state.Outbox with PerPeer = Table.add Story.bob 1 state.Outbox.PerPeer } } ] do
        match EpochDraft.finish 1 (EpochDraft.write broken) broken with
        | Error reason -> Assert.Contains("restate", reason)
        | Ok _ -> invalidOp "it was taken"
