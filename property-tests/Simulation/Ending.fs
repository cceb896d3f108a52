namespace Nitro.Simulation

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// Once the world is calm: everything comes to an end, everything is closed, and the money on the chain is what was agreed.
[<Sealed>]
type internal Ending(world: SimulatedWorld, callers: Callers, books: Books) =
    let ground = world.Ground
    let honest () = [ for node in world.Nodes.Values do if not node.IsStranger then node ]

    let isOpen kind id (state: NodeState) =
        match NodeState.objective { Kind = kind; Channel = id } state with
        | ValueSome { Ending = ValueSome Completed } -> true
        | _ -> false

    /// Opened, and not closed.
    let stands (state: NodeState) (channel: Channel) =
        let opening, closing = if channel.Terms.IsLedger then DirectFunding, DirectDefunding else VirtualFunding, VirtualDefunding
        isOpen opening channel.Terms.Id state && not (isOpen closing channel.Terms.Id state)

    let waiting () =
        let crossed = Crossing.ledgers world

        [ for node in honest () do
              for record in node.State.Objectives.Items.Values do
                  if record.Ending.IsNone && not (MalloryDependence.ofObjective world node (Goal.id record.Goal) || Crossing.ofGoal crossed record.Goal) then
                      $"{node.Address} {Goal.id record.Goal}: {Views.label node.Settings node.State record}" ]

    let busy () =
        let crossed = Crossing.ledgers world

        [ for node in honest () do
              for channel in node.State.Channels.Items.Values do
                  match channel.Ledger with
                  | ValueSome l when not (LedgerChannel.isIdle l || MalloryDependence.isTheirs world channel || crossed.Contains channel.Terms.Id) -> $"{node.Address}: the ledger {channel.Terms.Id} is not at rest"
                  | _ -> () ]

    let unanswered () =
        [ for struct (who, request) in callers.Unanswered do
              if not (MalloryDependence.isStranger world who) then $"{who}: {request} has no answer" ]

    /// Simulated time in which nothing can be left to wait for.
    let day = 86_400_000_000L

    /// Runs until nothing of `left` is left; an error after so many items of the agenda.
    let until what (limit: int64) (left: unit -> string list) =
        let start = ground.Agenda.Taken
        let began = ground.Agenda.Now
        let mutable rest = left ()

        while not rest.IsEmpty do
            if ground.Agenda.Taken - start > limit || ground.Agenda.Now - began > day then
                let text = String.Join("\n", rest |> List.truncate 12)
                ground.Fail $"{what}: not at rest after {limit} steps\n{text}"

            world.Run 10
            rest <- left ()

    /// Steps of the agenda within which everything comes to rest once nothing goes wrong any more, and within which all is closed.
    let restWithin = 20_000L

    let standing isWanted =
        [ for node in honest () do
              for channel in node.State.Channels.Items.Values do
                  if isWanted channel && stands node.State channel then node, channel ]

    /// Nobody byzantine is needed for it.
    let free isWanted (channel: Channel) =
        isWanted channel
        && not (MalloryDependence.ofChannel world channel || Crossing.ofChannel world (Crossing.ledgers world) channel.Terms.Id)

    let close what isWanted command =
        // One side asks; the other may have been asked already, and is told so.
        let mutable rounds = 0

        while not (standing (free isWanted)).IsEmpty do
            rounds <- rounds + 1
            if rounds > 4 then ground.Fail $"{what}: asked four times, and still {(standing (free isWanted)).Length} stand"

            for id, group in standing (free isWanted) |> List.groupBy (fun (_, channel) -> channel.Terms.Id) do
                let node, _ = group[ground.Random.Next group.Length]
                callers.Close(node.Address, command id)

            until what restWithin (fun () -> unanswered () @ waiting () @ busy ())

    let isPaidOut () =
        [ for node in honest () do
              if not node.Chain.IsUpToDate then $"{node.Address} does not see the whole chain yet: final {node.Chain.Final.Height}, head {node.Chain.Head.Height} of {world.Chain.Head.Height}, {world.Chain.Confirmations} confirmations, {node.Chain.Sight}" ]

    /// What an account should have got out of the chain: its shares of the ledgers, and what its payment channels brought.
    let fair (node: Node) asset =
        let me = node.Address
        let mutable sum = 0I

        for channel in node.State.Channels.Items.Values do
            if channel.Terms.Opening.Asset = asset then
                if channel.Terms.IsLedger then
                    if isOpen DirectFunding channel.Terms.Id node.State then sum <- sum + (Terms.ownShare channel.Terms).Value
                else
                    match Terms.role channel.Terms with
                    | Payer -> sum <- sum - (books.Spent(me, channel.Terms.Id)).Value
                    | Payee -> sum <- sum + (books.Spent(channel.Terms.Payer, channel.Terms.Id)).Value
                    | Intermediary -> ()

        sum

    /// What strangers have paid into channels may be paid out to anybody.
    let given asset =
        let mutable sum = 0I

        for KeyValue((who, channel), amount) in world.Chain.Head.Put do
            let isOf = world.Nodes.Values |> Seq.exists (fun node -> NodeState.channel channel node.State |> ValueOption.exists (fun c -> c.Terms.Opening.Asset = asset))
            if who = Places.stranger && isOf then sum <- sum + amount.Value

        sum

    let checkMoney () =
        for asset in [ Places.native; Places.token ] do
            let mutable surplus = 0I

            for node in honest () do
                let paid = world.Paid(asset, node.Address)
                let due = fair node asset
                surplus <- surplus + paid - due
                if paid < due then ground.Fail $"{node.Address} was paid {paid} of asset {asset} in the end, {due} was agreed"

            if surplus > given asset then ground.Fail $"all were paid {surplus} of asset {asset} more than was agreed, strangers gave {given asset}"

    /// Each payment that a caller was told of was made, once, and no other.
    let checkPayments () =
        for node in honest () do
            for channel in node.State.Channels.Items.Values do
                if not channel.Terms.IsLedger && Terms.role channel.Terms = Payer then
                    let told = callers.Paid(node.Address, channel.Terms.Id)
                    let spent = (books.Spent(node.Address, channel.Terms.Id)).Value
                    if told <> spent then ground.Fail $"{node.Address} has paid {spent} in {channel.Terms.Id}, its callers were told of {told}"

    /// What depends on byzantine peers is asked for once; whatever comes of it, everything else stays at rest.
    let closeTheirs isWanted command =
        for id, group in standing isWanted |> List.groupBy (fun (_, channel) -> channel.Terms.Id) do
            let node, _ = group[ground.Random.Next group.Length]
            callers.Close(node.Address, command id)

        world.Run 1_200
        until "beside byzantine peers" restWithin (fun () -> unanswered () @ waiting () @ busy ())

    /// Each honest node has what its final states say; what is not closed, the evidence covers.
    let checkTheirs () =
        for node in honest () do
            match MalloryDependence.silent world node with
            | [] -> ()
            | found -> ground.Fail(String.Join("\n", found))

            for asset in [ Places.native; Places.token ] do
                let due = MalloryDependence.paidOut node asset
                let paid = world.Paid(asset, node.Address)
                if paid < due then ground.Fail $"{node.Address} was paid {paid} of asset {asset} in the end, its final states say {due}"

    let hasStrangers () = world.Nodes.Values |> Seq.exists (fun node -> node.IsStranger)

    member _.Play() =
        world.Calm()
        callers.ApproveAll()
        until "after the faults" restWithin (fun () -> callers.ApproveAll(); unanswered () @ waiting () @ busy ())
        close "closing payment channels" (fun channel -> not channel.Terms.IsLedger) ClosePaymentChannel
        close "closing ledgers" (fun channel -> channel.Terms.IsLedger) CloseLedger

        if hasStrangers () then
            closeTheirs (fun channel -> not channel.Terms.IsLedger) ClosePaymentChannel
            closeTheirs (fun channel -> channel.Terms.IsLedger) CloseLedger

        until "the last payouts" restWithin isPaidOut
        checkPayments ()
        if hasStrangers () || not (Crossing.ledgers world).IsEmpty then checkTheirs () else checkMoney ()
