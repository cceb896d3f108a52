module Nitro.PropertyTests.LifeTests

open Xunit
open Nitro.Kernel
open Nitro.Node
open Nitro.Simulation

let private ledgerLife seed faults closer =
    let world = Story.world seed faults
    Story.join world [ Story.alice; Story.bob ]
    let ledger = Story.openLedger world "open" Story.alice Story.bob Story.native 100 50 7UL
    let other = if closer = Story.alice then Story.bob else Story.alice
    world.Calm()
    Story.closeLedger world "close" closer other ledger
    world.CheckReplay()
    Assert.Equal(100I, Story.paidTo world Story.native Story.alice)
    Assert.Equal(50I, Story.paidTo world Story.native Story.bob)

[<Fact>]
let ``a ledger opens with deposits and closes with payouts, whoever closes it`` () =
    ledgerLife 1 Faults.none Story.alice
    ledgerLife 2 Faults.none Story.bob

[<Fact>]
let ``a ledger's life survives losses, repeats and crashes`` () =
    for seed in 1..40 do
        ledgerLife seed Faults.rough (if seed % 2 = 0 then Story.alice else Story.bob)

let private paymentLife seed faults hubs closer =
    let world = Story.world seed faults
    let line = Story.alice :: hubs @ [ Story.bob ]
    Story.join world line

    let ledgers =
        List.pairwise line
        |> List.mapi (fun i (left, right) ->
            // Every other ledger is led by its right-hand side.
            let first, second = if (seed + i) % 2 = 0 then left, right else right, left
            first, second, Story.openLedger world $"ledger{i}" first second Story.native 100 100 (uint64 (10 + i)))

    let channel = Story.openPayment world "virtual" Story.alice hubs Story.bob 60 99UL
    for i in 1..10 do Story.pay world $"pay{i}" Story.alice channel i
    world.RunUntil("payments", 3_000, (fun () -> [ 1..10 ] |> List.forall (fun i -> Story.isAnswered world Story.alice $"pay{i}")))
    world.Calm()
    Story.close world "closing" closer line channel
    for i, (first, second, ledger) in List.indexed ledgers do Story.closeLedger world $"close{i}" first second ledger
    world.CheckReplay()
    Assert.Equal(45I, Story.paidTo world Story.native Story.alice)
    Assert.Equal(155I, Story.paidTo world Story.native Story.bob)
    for hub in hubs do Assert.Equal(200I, Story.paidTo world Story.native hub)

[<Fact>]
let ``a payment channel opens, pays and closes over none to three intermediaries`` () =
    paymentLife 1 Faults.none [] Story.alice
    paymentLife 2 Faults.none [ Story.irene ] Story.alice
    paymentLife 3 Faults.none [ Story.irene ] Story.bob
    paymentLife 4 Faults.none [ Story.irene ] Story.irene
    paymentLife 5 Faults.none [ Story.irene; Story.ivan ] Story.bob
    paymentLife 6 Faults.none [ Story.irene; Story.ivan; Story.address 5UL ] Story.ivan

/// Their memories are bounded, and a hub lives long.
let private signersForget isStaged =
    let world = Story.world 1 Faults.none
    world.Ground.IsStaged <- isStaged
    let line = [ Story.alice; Story.irene; Story.bob ]
    Story.join world line
    let kept who = world.Nodes[who].Signer.Memory.ChannelCount
    let left = Story.openLedger world "left" Story.alice Story.irene Story.native 100 100 1UL
    let right = Story.openLedger world "right" Story.irene Story.bob Story.native 100 100 2UL

    for i in 1..10 do
        let channel = Story.openPayment world $"open{i}" Story.alice [ Story.irene ] Story.bob 6 (100UL + uint64 i)
        Story.pay world $"pay{i}" Story.alice channel 1
        world.RunUntil("payment", 600, (fun () -> Story.isAnswered world Story.alice $"pay{i}"))
        Story.close world $"close{i}" line[i % 3] line channel

    // The last channel stays until its ledger is asked about again: with that comes what the other side has countersigned.
    Assert.Equal<int list>([ 2; 3; 2 ], List.map kept line)
    Story.closeLedger world "closeleft" Story.alice Story.irene left
    Story.closeLedger world "closeright" Story.bob Story.irene right

    for i in 1..12 do
        let ledger = Story.openLedger world $"ledger{i}" Story.alice Story.irene Story.native 10 10 (1_000UL + uint64 i)
        Story.closeLedger world $"closeledger{i}" Story.irene Story.alice ledger

    for who in [ Story.alice; Story.irene ] do Assert.True(kept who <= 2, $"{who}: {kept who} channels")
    world.CheckReplay()

[<Fact>]
let ``what is over leaves the signers' memories`` () =
    signersForget false
    signersForget true

[<Fact>]
let ``a payment channel's life survives losses, repeats and crashes`` () =
    for seed in 1..9 do
        paymentLife seed Faults.rough [ Story.irene ] (match seed % 3 with 0 -> Story.alice | 1 -> Story.irene | _ -> Story.bob)

[<Fact; Trait("Suite", "long")>]
let ``lives under faults, for long`` () =
    for seed in 1_000..1_300 do
        ledgerLife seed Faults.rough (if seed % 2 = 0 then Story.alice else Story.bob)
        paymentLife seed Faults.rough [ Story.irene ] (match seed % 3 with 0 -> Story.alice | 1 -> Story.irene | _ -> Story.bob)

[<Fact>]
let ``a stranger's deposit changes nothing but the surplus`` () =
    for seed in 1..20 do
        let world = Story.world seed Faults.none
        Story.join world [ Story.alice; Story.bob ]
        world.Ask(Story.alice, Story.request "open", CreateLedger(Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 100 50, 7UL))
        world.RunUntil("asked", 60, (fun () -> Story.isAnswered world Story.alice "open"))
        let id = Story.started world Story.alice "open"
        world.Later(world.Random.Next 5_000, (fun () -> world.Gift(id.Channel, Story.native, Amount.one)))
        world.RunUntil("open", 3_000, (fun () -> Story.completed world Story.alice id && Story.completed world Story.bob id))
        Story.closeLedger world "close" Story.bob Story.alice id.Channel
        Assert.Equal(100I, Story.paidTo world Story.native Story.alice)
        Assert.Equal(50I, Story.paidTo world Story.native Story.bob)
