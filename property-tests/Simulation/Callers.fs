namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// The people before the nodes: they wish for things, by the weights of the swarm, and repeat themselves until they are answered.
[<Sealed>]
type internal Callers(world: SimulatedWorld, swarm: Swarm) =
    let random = world.Ground.Random
    let mutable wishes = 0
    let mutable nonce = 0UL
    let asked = List<struct (Address * RequestId)>()
    // Vouchers that callers hold and may hand over.
    let vouchers = List<struct (Voucher * Signature)>()

    // What each payment asked for, by request.
    let payments = Dictionary<RequestId, struct (Address * ChannelId * Amount)>()

    // An approval that is refused (its ledger is gone, say) is not asked for once more.
    let approved = HashSet<struct (Address * ObjectiveId)>()

    let node who = world.Nodes[who]
    let state who = (node who).State

    let ask who command =
        let request = RequestId(($"wish{asked.Count}").PadRight(16, '.'))
        asked.Add(struct (who, request))

        match command with
        | Pay(id, amount, _) -> payments[request] <- struct (who, id, amount)
        | CreateLedger _
        | CloseLedger _
        | CreatePaymentChannel _
        | ClosePaymentChannel _
        | ReceiveVoucher _
        | ApproveObjective _
        | RejectObjective _ -> ()

        if world.Ground.IsTracing then world.Ground.Note(ValueSome who, (fun () -> $"is wished: {Narration.command command}"))
        world.Ask(who, request, command)

    let nextNonce () =
        nonce <- nonce + 1UL
        nonce

    let outcome asset first second a b : Outcome =
        let line who share : Allocation =
            { Destination = Destination.ofAddress who
              Amount = Places.amount share
              Type = AllocationType.simple
              Metadata = [||] }

        [ { Asset = asset
            MetadataType = 0uy
            Metadata = [||]
            Allocations = [ line first a; line second b ] } ]

    let openLedger () =
        let struct (leader, follower) = random.Pick swarm.Pairs
        let share () = if random.Next 8 = 0 then 0 else random.Between(1, swarm.LedgerFunds)
        ask leader (CreateLedger(follower, 100u, outcome (random.Pick swarm.Assets) leader follower (share ()) (share ()), nextNonce ()))

    /// Payer, then whoever is between, then payee: neighbours in a line of ledgers, either way round.
    let path () =
        let count = swarm.People.Length
        let least = random.Next(count - 1)
        let most = random.Between(least + 1, count - 1)
        let line = List.ofArray swarm.People[least..most]
        if random.Next 2 = 0 then line else List.rev line

    let openPayment () =
        match path () with
        | payer :: rest ->
            let payee = List.last rest
            let hubs = List.truncate (rest.Length - 1) rest
            let amount = random.Between(1, max 1 (swarm.LedgerFunds / random.Pick [| 1; 2; 5; 10 |]))
            let other = if random.Next 20 = 0 then random.Between(1, 5) else 0
            ask payer (CreatePaymentChannel(hubs, payee, 100u, outcome (random.Pick swarm.Assets) payer payee amount other, nextNonce ()))
        | [] -> ()

    let channels who isWanted =
        (state who).Channels.Items.Values |> Seq.filter isWanted |> Seq.sortBy (fun (c: Channel) -> c.Terms.Id) |> Seq.toArray

    let pickChannel isWanted act =
        let who = random.Pick swarm.People

        match channels who isWanted with
        | [||] -> ()
        | found -> act who (random.Pick found)

    let isPayment (channel: Channel) = not channel.Terms.IsLedger
    let isPayer (channel: Channel) = isPayment channel && channel.Terms.MyIndex = 0

    let pay kind =
        pickChannel isPayer (fun who channel ->
            let most = int channel.Terms.Opening.LeaderBalance.Value
            ask who (Pay(channel.Terms.Id, Places.amount (random.Between(1, max 1 (most / random.Pick [| 1; 4; 10 |]))), kind)))

    let burst () =
        pickChannel isPayer (fun who channel ->
            for _ in 1 .. random.Between(2, 8) do
                ask who (Pay(channel.Terms.Id, Places.amount (random.Between(1, 3)), (if random.Next 4 = 0 then HandedOut else Sent))))

    let collect () =
        for struct (who, request) in asked do
            match (node who).Answers.TryGetValue request with
            | true, VoucherMade(voucher, signature) when not (vouchers.Contains(struct (voucher, signature))) -> vouchers.Add(struct (voucher, signature))
            | _ -> ()

    let present () =
        collect ()

        if vouchers.Count > 0 then
            let struct (voucher, signature) = vouchers[random.Next vouchers.Count]
            let signer = FakeCurve.recover.Invoke(Digest.personal (Voucher.hash voucher), signature)
            ask (random.Pick swarm.People) (ReceiveVoucher(voucher, signature, signer))

    let openObjectives who isWanted =
        (state who).Objectives.Items.Values
        |> Seq.filter (fun (record: ObjectiveRecord) -> record.Ending.IsNone && isWanted record)
        |> Seq.map (fun record -> Goal.id record.Goal)
        |> Seq.sort
        |> Seq.toArray

    let decide isWanted command =
        let who = random.Pick swarm.People

        match openObjectives who isWanted with
        | [||] -> ()
        | found -> ask who (command (random.Pick found))

    let nonsense () =
        let who = random.Pick swarm.People
        let nowhere = ChannelId(Bytes32.ofUInt64 (uint64 (random.Next 5)))

        match random.Next 6 with
        | 0 -> ask who (CloseLedger nowhere)
        | 1 -> ask who (Pay(nowhere, Amount.one, Sent))
        | 2 -> pickChannel (fun _ -> true) (fun who channel -> ask who (Pay(channel.Terms.Id, Places.amount 1_000_000, Sent)))
        | 3 -> ask who (CreateLedger(who, 100u, outcome Places.native who who 1 1, nextNonce ()))
        | 4 -> pickChannel isPayment (fun who channel -> ask who (CloseLedger channel.Terms.Id))
        | _ -> ask who (CreateLedger(Places.address 999UL, 100u, outcome Places.native who (Places.address 998UL) 1 1, nextNonce ()))

    let wish () =
        let w = swarm.Wishes

        match
            random.Weighted
                [| w.OpenLedger; w.CloseLedger; w.OpenPayment; w.ClosePayment; w.Pay; w.Burst; w.HandOut; w.Present; w.Approve; w.Reject; w.Nonsense |]
        with
        | 0 -> openLedger ()
        | 1 -> pickChannel (fun channel -> channel.Terms.IsLedger) (fun who channel -> ask who (CloseLedger channel.Terms.Id))
        | 2 -> openPayment ()
        | 3 -> pickChannel isPayment (fun who channel -> ask who (ClosePaymentChannel channel.Terms.Id))
        | 4 -> pay Sent
        | 5 -> burst ()
        | 6 -> pay HandedOut
        | 7 -> present ()
        | 8 -> decide (fun record -> not record.Approved) ApproveObjective
        | 9 -> decide (fun _ -> true) (fun id -> RejectObjective(id, "the operator says no"))
        | _ -> nonsense ()

    let rec live () =
        if wishes < swarm.Count then
            wishes <- wishes + 1
            if not (swarm.Skipped.Contains wishes) then wish ()
            world.Ground.After(0, swarm.Pause, Agenda.World, live)

    /// Ledgers between neighbours first, since nothing works without, then one wish after the other.
    member _.Begin() =
        for struct (leader, follower) in swarm.Pairs do
            if random.Next 8 > 0 then
                for asset in swarm.Assets do
                    let share () = random.Between(swarm.LedgerFunds / 2, swarm.LedgerFunds)
                    ask leader (CreateLedger(follower, 100u, outcome asset leader follower (share ()) (share ()), nextNonce ()))

        world.Ground.After(20_000, 60_000, Agenda.World, live)

    member _.IsDone = wishes >= swarm.Count
    member _.Unanswered = [ for struct (who, request) in asked do if not ((node who).Answers.ContainsKey request) then struct (who, request) ]

    /// What this node's callers have been told is paid on a channel, or covered by a voucher handed to them.
    member _.Paid(payer: Address, channel: ChannelId) =
        let mutable sum = 0I

        for KeyValue(request, struct (who, id, amount)) in payments do
            if who = payer && id = channel then
                match (node who).Answers.TryGetValue request with
                | true, (Paid _ | VoucherMade _) -> sum <- sum + amount.Value
                | _ -> ()

        sum

    /// Open objectives that wait for the operator are approved: the story is at its end.
    member _.ApproveAll() =
        for who in swarm.People do
            for id in openObjectives who (fun record -> not record.Approved) do
                if approved.Add(struct (who, id)) then ask who (ApproveObjective id)

    /// Whoever may close a channel does.
    member _.Close(who: Address, command: Command) = ask who command
