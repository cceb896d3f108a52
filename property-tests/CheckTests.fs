/// The simulator's checks, each on a state that is right and on one that is not: a check that cannot fail is none.
module Nitro.PropertyTests.CheckTests

open Xunit
open Nitro.Kernel
open Nitro.Node
open Nitro.Simulation

let private line = [ Story.alice; Story.irene; Story.bob ]

/// A payment channel over two ledgers on which 5 were paid.
let private paid () =
    let struct (world, inspector) = Story.inspected 1 Faults.none
    Story.join world line
    Story.openLedger world "left" Story.alice Story.irene Story.native 100 100 1UL |> ignore
    Story.openLedger world "right" Story.irene Story.bob Story.native 100 100 2UL |> ignore
    let channel = Story.openPayment world "virtual" Story.alice [ Story.irene ] Story.bob 60 3UL
    Story.pay world "pay" Story.alice channel 5
    world.RunUntil("paid", 60, (fun () -> (inspector.Books.Given(Story.bob, channel)) = Story.amount 5))
    world, inspector.Books, channel

let private put (world: SimulatedWorld) who id = match world.Chain.Head.Put.TryFind((who, id)) with Some amount -> amount | None -> Amount.zero
let private onChannel id change (state: NodeState) = { state with Channels = Table.change id change state.Channels }

let private withoutVoucher id state =
    onChannel id (Channel.onPayments (fun payments -> { payments with Received = Payments.nothing })) state

let private ledgersOf (state: NodeState) = [ for channel in state.Channels.Items.Values do if channel.Terms.IsLedger then channel.Terms.Id ]

let private withoutGuarantee ledger target state =
    onChannel ledger (Channel.onLedger (fun l -> { l with Agreed = { l.Agreed with Guarantees = l.Agreed.Guarantees.Remove target } })) state

[<Fact>]
let ``who loses a voucher or a guarantee has too little evidence`` () =
    let world, books, channel = paid ()
    for who in line do Assert.Empty(CheckEvidence.check books (put world who) world.Nodes[who].State)
    Assert.NotEmpty(CheckEvidence.check books (put world Story.bob) (withoutVoucher channel world.Nodes[Story.bob].State))

    for who in line do
        let state = world.Nodes[who].State
        let stripped = ledgersOf state |> List.fold (fun s ledger -> withoutGuarantee ledger channel s) state
        Assert.NotEmpty(CheckEvidence.check books (put world who) stripped)

[<Fact>]
let ``alone against all, a node gets its fair amount out of the contracts, and less once it has lost something`` () =
    let world, books, channel = paid ()
    let head = world.Chain.Head
    let defend who state = [ for seed in 1UL..20UL do yield! Defender.check head.After head.Time books (Prng seed) (put world who) who state ]
    for who in line do Assert.Empty(defend who world.Nodes[who].State)
    Assert.NotEmpty(defend Story.bob (withoutVoucher channel world.Nodes[Story.bob].State))

    // An old ledger state, from before the guarantee, is answered with the newest one; with nothing newer it stands.
    let state = world.Nodes[Story.alice].State
    let unsigned = onChannel channel (fun c -> { c with States = Map.empty }) state
    Assert.NotEmpty(defend Story.alice unsigned)

[<Fact>]
let ``an intermediary with one guarantee has no way out`` () =
    let world, books, channel = paid ()
    let state = world.Nodes[Story.irene].State
    Assert.Empty(CheckGuarantees.check books state)
    for ledger in ledgersOf state do Assert.NotEmpty(CheckGuarantees.check books (withoutGuarantee ledger channel state))

[<Fact>]
let ``a fold that differs in what was touched, or anywhere, is seen`` () =
    let world, _, channel = paid ()
    let node = world.Nodes[Story.bob]
    let other = withoutVoucher channel node.State
    Assert.Empty(CheckFold.touched node.Journal.State node.State [ channel ])
    Assert.NotEmpty(CheckFold.touched other node.State [ channel ])
    Assert.Empty(CheckFold.touched other node.State [])
    Assert.NotEmpty(CheckFold.whole other node.State)

[<Fact>]
let ``a promise that nobody works at is seen`` () =
    let world, _, _ = paid ()
    world.Leave Story.bob
    world.Ask(Story.alice, Story.request "open", CreatePaymentChannel([ Story.irene ], Story.bob, 100u, Story.outcome Story.native Story.alice Story.bob 5 0, 9UL))
    world.Run 5
    let node = world.Nodes[Story.alice]
    Assert.NotEmpty(Outbox.unfinished node.State.Outbox)
    Assert.Empty(CheckOutbox.check (fun effect intent -> node.Has(effect, intent)) node.State)
    Assert.NotEmpty(CheckOutbox.check (fun _ _ -> false) node.State)

[<Fact>]
let ``vouchers that fall or exceed the deposit are seen`` () =
    let world, books, channel = paid ()
    let state = world.Nodes[Story.alice].State
    let voucher total : Nitro.Protocol.Voucher = { Channel = channel; Total = Story.amount total }
    Assert.Empty(CheckVouchers.signed state (voucher 60))
    Assert.NotEmpty(CheckVouchers.signed state (voucher 61))
    Assert.Empty(books.Signed(Story.alice, Nitro.Protocol.VoucherPayload(voucher 6)))
    Assert.NotEmpty(books.Signed(Story.alice, Nitro.Protocol.VoucherPayload(voucher 5)))

[<Fact>]
let ``money that appears on the chain is seen, and what is unenforceable beyond the limit`` () =
    let world, _, channel = paid ()
    let contracts = world.Chain.Head.After
    Assert.Empty(CheckConservation.check contracts)
    Assert.NotEmpty(CheckConservation.check { contracts with Holdings = contracts.Holdings.Add(channel, Funds.set Story.native (Story.amount 1) Funds.empty) })
    let node = world.Nodes[Story.bob]
    let soft = onChannel channel (fun c -> { c with Terms = { c.Terms with Dialect = Nitro.Protocol.GoNitro } }) node.State
    let strict = { node.Settings with Policy = { node.Settings.Policy with AnyUnenforceable = Story.amount 59 } }
    Assert.Empty(CheckEvidence.checkCap strict node.State)
    Assert.NotEmpty(CheckEvidence.checkCap strict soft)
    Assert.Empty(CheckEvidence.checkCap node.Settings soft)
