namespace Nitro.Benchmarks

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine
open Nitro.Wire

/// What is measured in quick mode, one function each; micros per operation.
module internal Measures =
    let private big = 1_000_000_000_000UL

    /// One signature and one recovery: what every voucher costs at the very least.
    let floor () =
        let crypto = Crypto.real ()
        let who = crypto.NewKey 1
        let digest = Keccak.hash [| 1uy |]
        let signature = crypto.Sign who digest
        let sign = Bench.median 200 (fun () -> crypto.Sign who digest |> ignore)
        let recover = Bench.median 200 (fun () -> crypto.Recover.Invoke(digest, signature) |> ignore)
        sign, recover

    let private pair crypto =
        let net = BenchNet crypto
        let payer, payee = net.Add 1, net.Add 2
        net.Ledger(payer, payee, big, 1UL) |> ignore
        let channel = net.OpenPayment(payer, [], payee, big / 2UL, 2UL)
        net.Drain()
        net, payer, payee, channel

    /// Issue at the payer, frame, receive at the payee: two nodes, no disk. Micros, and the floor's share of them: both measured in
    /// turns, since a machine with other work is now faster, now slower.
    let voucher () =
        let crypto = Crypto.real ()
        let net, payer, _, channel = pair crypto
        let digest = Keccak.hash [| 1uy |]
        let signature = crypto.Sign payer digest

        let pay () =
            net.Ask(payer, Pay(channel, Amount.one, Sent)) |> ignore
            net.Drain()

        let atLeast () =
            crypto.Sign payer digest |> ignore
            crypto.Recover.Invoke(digest, signature) |> ignore

        Bench.warm (fun () -> Bench.round 300 pay |> ignore)
        let rounds = Array.init 15 (fun _ -> struct (Bench.round 60 atLeast, Bench.round 120 pay))
        let median values = Array.sort values |> Array.item 7
        median (rounds |> Array.map (fun struct (_, pay) -> pay)), median (rounds |> Array.map (fun struct (least, pay) -> least / pay))

    /// One `Engine.step` of a payment, with so many other payment channels open at the same node.
    let step openChannels =
        let net = BenchNet(Crypto.none ())
        let payer, payee = net.Add 1, net.Add 2
        net.Ledger(payer, payee, big, 1UL) |> ignore
        // Channels over ledgers of their own, so that no single outcome grows with their number.
        let node = net.Nodes[payer]

        for n in 1..openChannels do
            let terms: Terms =
                { Id = ChannelId(Keccak.hash (BitConverter.GetBytes n))
                  Fixed = { Participants = [ payer; payee ]; Nonce = uint64 n; App = node.Settings.VirtualApp; ChallengeDuration = 1u }
                  Opening =
                    { Asset = Address.zero
                      Leader = Destination.ofAddress payer
                      LeaderBalance = Amount.one
                      Follower = Destination.ofAddress payee
                      FollowerBalance = Amount.zero
                      Guarantees = Map.empty }
                  MyIndex = 0
                  IsLedger = false
                  Dialect = Nitro }

            node.State <- NodeState.evolve node.State (Instant 1L) (ChannelAdded terms)

        let channel = net.OpenPayment(payer, [], payee, big / 2UL, 2UL)
        net.Drain()
        let before = net.Steps
        let mutable rounds = 0L

        let perPayment =
            Bench.median 200 (fun () ->
                rounds <- rounds + 1L
                net.Ask(payer, Pay(channel, Amount.one, Sent)) |> ignore
                net.Drain())

        perPayment / (float (net.Steps - before) / float rounds)

    /// So many payment channels opening at once over one ledger: micros per engine step of two phases, of all of the first (signed
    /// and agreed pre-funds), then of the same number of steps whatever the count (the ledger takes the guarantees in, one by one).
    /// The ledger's outcome grows alike in both counts, so what is compared is the cost of the openings that wait.
    let openings count =
        let net = BenchNet(Crypto.none ())
        let payer, payee = net.Add 1, net.Add 2
        net.Ledger(payer, payee, big, 1UL) |> ignore
        net.Holds <- fun intent -> match intent with SignPayload(LedgerUpdate _) -> true | _ -> false
        for n in 1..count do net.OpenPayment(payer, [], payee, 10UL, uint64 (n + 10)) |> ignore
        let steps () = net.Steps

        let perStep work =
            GC.Collect()
            let before = steps ()
            let spent = Bench.spentOn work
            spent.Processor.TotalMicroseconds / float (steps () - before)

        let agreeing = perStep net.Drain
        net.Release()
        let start = steps ()
        // Enough to warm up, and less than even 100 openings take.
        let stepping upTo () = while steps () - start < upTo && net.DrainOne() do ()
        stepping 50L ()
        let guaranteeing = perStep (stepping 450L)
        agreeing, guaranteeing

    /// Channels open over one ledger while an opening is measured: half of these on the average.
    let private openAtOnce = 20

    /// A payment channel over one hub, opened: micros of all parties and their signers, signatures, and recoveries counted: all have a
    /// process of their own, which recovers a signature once. Closing is not counted.
    let virtualOpen () =
        let crypto = Crypto.real ()
        let net = BenchNet crypto
        let alice, irene, bob = net.Add 1, net.Add 2, net.Add 3
        net.Ledger(alice, irene, big, 1UL) |> ignore
        net.Ledger(irene, bob, big, 2UL) |> ignore
        let mutable nonce = 10UL

        let openOne () =
            nonce <- nonce + 1UL
            let id = net.OpenPayment(alice, [ irene ], bob, 10UL, nonce)
            net.Drain()
            id

        let round () =
            let signatures, before = net.Signatures, crypto.Recovered()
            let mutable opened = []
            let spent = Bench.spentOn (fun () -> opened <- [ for _ in 1..openAtOnce -> openOne () ])
            let counts = float (net.Signatures - signatures) / float openAtOnce, float (crypto.Recovered() - before) / float openAtOnce

            for id in opened do
                net.Ask(alice, ClosePaymentChannel id) |> ignore
                net.Drain()

            spent.Processor.TotalMicroseconds / float openAtOnce, counts

        Bench.warm (round >> ignore)
        let rounds = Array.init 25 (fun _ -> round ())
        let signatures, recoveries = snd rounds[0]
        rounds |> Array.map fst |> Array.sort |> Array.item 12, signatures, recoveries

    let keccak length =
        let bytes = Array.zeroCreate<byte> length
        Bench.median 100 (fun () -> Keccak.hash bytes |> ignore)

    let stateHash guarantees =
        let outcome =
            { Asset = Address.zero
              Leader = Bytes32.ofUInt64 1UL
              LeaderBalance = Amount.ofUInt64 big
              Follower = Bytes32.ofUInt64 2UL
              FollowerBalance = Amount.ofUInt64 big
              Guarantees =
                Map.ofList
                    [ for n in 1..guarantees do
                          let id = ChannelId(Keccak.hash (BitConverter.GetBytes n))
                          id, { Target = id; Amount = Amount.one; Left = Bytes32.ofUInt64 1UL; Right = Bytes32.ofUInt64 2UL } ] }

        let id = ChannelId(Keccak.hash [| 1uy |])
        Bench.median 100 (fun () -> State.hash id (Ledger.toVariable Nitro 5UL false outcome) |> ignore)

    /// Journal bytes of one payment at the payer and at the payee.
    let journalBytes () =
        let net, payer, _, channel = pair (Crypto.none ())

        let size (facts: Fact list) =
            facts
            |> List.sumBy (fun fact ->
                let struct (name, _, body) = LogV1.encode fact
                name.Length + body.Length)

        let mutable atPayer, atPayee = 0, 0
        let request = RequestId "0000000000009999"
        let node = net.Nodes[payer]
        let asked = Engine.step node.Settings node.State { At = Instant 9L; Event = Asked(request, Bytes32.ofUInt64 9UL, Pay(channel, Amount.one, Sent)) }
        atPayer <- atPayer + size asked.Facts

        let effect = fst (List.head asked.Effects)
        let signature = { R = Keccak.hash [| 2uy |]; S = Keccak.hash [| 3uy |]; V = 27uy }
        let signed = Engine.step node.Settings asked.State { At = Instant 10L; Event = SignerReplied [ effect, Signed signature ] }
        atPayer <- atPayer + size signed.Facts

        let told = fst (List.head signed.Effects)
        let taken = Engine.step node.Settings signed.State { At = Instant 11L; Event = PeerTook told }
        atPayer <- atPayer + size taken.Facts
        atPayee <- atPayee + size [ VoucherReceived(channel, Amount.ofUInt64 1_000UL, signature) ]
        atPayer, atPayee
