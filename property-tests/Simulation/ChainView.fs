namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire

/// What a node's chain adapter has promised to bring about: durable, by the journal position of the promise.
[<Sealed>]
type internal ChainOrder(parcel: Parcel, since: Height) =
    member _.Parcel = parcel
    member _.Since = since
    member val IsBroadcast = false with get, set
    member val SentAt = 0L with get, set
    /// It failed at final depth, or could not be sent; told until the node has it.
    member val Refusal: string voption = ValueNone with get, set
    member val IsTold = false with get, set
    member val IsDone = false with get, set
    /// The node has no more interest in it.
    member val IsForgotten = false with get, set

/// How a node is shown the chain for a while.
type internal Sight =
    | Straight
    | StandingStill of Block
    | Misled of Block

/// What a node's chain adapter tells its loop. Each is durable when `answered` is called.
type internal ChainReport = delegate of event: Event * answered: (unit -> unit) -> unit

/// A node's chain adapter: it follows the logs at final depth, reads holdings, and stays with each transaction until it is
/// final or refused. As Nitro.Ethereum's LogFollower, ForkCheck, ReadQueue and TransactionManager.
[<Sealed>]
type internal ChainAdapter(ground: Ground, chain: Blockchain, me: Address) =
    let orders = SortedDictionary<int64, ChainOrder>()
    let beginning = Block.ancestor 1UL chain.Head
    let mutable final = beginning
    let mutable head = chain.Head
    let mutable sight = Straight
    // Of the living process:
    let mutable owner = -1
    let mutable report: ChainReport = ChainReport(fun _ _ -> ())
    let reads = SortedDictionary<int64, struct (Address * ChannelId)>()
    let mutable isShowing = false

    let notice event =
        match event with
        | ChainEvent.Deposited(channel, asset, held) -> ValueSome(ChainNotice.Deposited(channel, asset, held))
        | ChainEvent.AllocationUpdated(channel, index, before, after) -> ValueSome(ChainNotice.PaidOut(channel, index, before, after))
        | ChainEvent.Concluded _
        | ChainEvent.ChallengeRegistered _
        | ChainEvent.ChallengeCleared _
        | ChainEvent.Checkpointed _
        | ChainEvent.Reclaimed _ -> ValueNone

    let say event answered = report.Invoke(event, answered)

    let answerReads () =
        for KeyValue(effect, struct (asset, channel)) in Seq.toArray reads do
            let held = Contracts.holdings asset channel final.After
            let position = { Height = final.Height; Index = System.UInt32.MaxValue; BlockHash = final.Hash }
            reads.Remove effect |> ignore
            say (ChainShowed(HoldingsRead(EffectId effect, held), position)) ignore

    let tellRefusals () =
        for KeyValue(effect, order) in Seq.toArray orders do
            match order.Refusal with
            | ValueSome reason when not order.IsTold && not order.IsForgotten ->
                say (ChainRefused(EffectId effect, reason)) (fun () -> order.IsTold <- true)
            | _ -> ()

    let resendAfter = 60_000_000L

    let look effect (order: ChainOrder) =
        match Block.receipt order.Parcel order.Since head with
        | ValueSome(struct (height, reason)) when head.Height >= height + chain.Confirmations ->
            order.IsDone <- true
            if reason.IsSome then order.Refusal <- reason
            if order.IsForgotten then orders.Remove effect |> ignore
        | ValueSome _ -> ()
        | ValueNone when order.IsBroadcast ->
            if ground.Agenda.Now - order.SentAt > resendAfter then
                order.SentAt <- ground.Agenda.Now

                if ground.Strikes("transaction replaced", ground.Faults.TransactionReplaced) then chain.Replace order.Parcel
                chain.Broadcast(order.Parcel, order.Since)
        | ValueNone -> ()

    let broadcast effect (order: ChainOrder) =
        if not order.IsForgotten && not order.IsBroadcast then
            match Execution.run FakeCurve.recover (head.Time + 1UL) me order.Parcel.Call head.After with
            | Ok _ ->
                order.IsBroadcast <- true
                order.SentAt <- ground.Agenda.Now
                chain.Broadcast(order.Parcel, order.Since)
            | Error reason ->
                if ground.IsTracing then ground.Note(ValueSome me, (fun () -> $"#{effect} cannot be sent: {reason}"))
                order.IsDone <- true
                order.Refusal <- ValueSome reason
                tellRefusals ()

    let rec follow () =
        if ground.Agenda.IsAlive owner && not isShowing then
            let common = Block.common head final

            if common.Height < final.Height && common.Height < head.Height then
                isShowing <- true

                say (ChainRetracted(common.Height + 1UL)) (fun () ->
                    ground.Count "blocks retracted"
                    isShowing <- false
                    final <- common
                    follow ())
            elif head.Height >= final.Height + chain.Confirmations + 1UL then
                show (Block.ancestor (final.Height + 1UL) (Block.ancestor (head.Height - chain.Confirmations) head))
            elif head.Height >= final.Height then
                answerReads ()

    and show (block: Block) =
        let mutable left = 1
        isShowing <- true

        let answered () =
            left <- left - 1

            // Only now: after a crash the same logs are shown again rather than never.
            if left = 0 then
                isShowing <- false
                final <- block
                follow ()

        for struct (index, event) in block.Logs do
            match notice event with
            | ValueSome shown ->
                left <- left + 1
                say (ChainShowed(shown, { Height = block.Height; Index = index; BlockHash = block.Hash })) answered
            | ValueNone -> ()

        answered ()

    member _.Final = final
    /// What the node sees now.
    member _.Head = head
    member _.Orders = orders
    member _.Sight = sight
    member _.IsUpToDate = final.Height + chain.Confirmations >= chain.Head.Height && head.Height = chain.Head.Height

    /// A new head, as far as the node is shown it.
    member this.See(block: Block) =
        let seen =
            match sight with
            | Straight -> block
            | StandingStill old -> old
            | Misled branch ->
                let grown = chain.Grow branch
                sight <- Misled grown
                grown

        head <- seen
        this.Look()

    member _.Look() =
        if ground.Agenda.IsAlive owner then
            for KeyValue(effect, order) in Seq.toArray orders do
                if not order.IsDone then look effect order

            tellRefusals ()
            follow ()

    /// The chain may stand still while a lost transaction waits to be sent again.
    member private this.Poll() =
        if orders.Values |> Seq.exists (fun order -> not order.IsDone) then this.Look()
        ground.After(45_000, 75_000, owner, this.Poll)

    /// For so long the node is shown something else than the chain.
    member this.Mislead(way: Sight, seconds: int) =
        match sight with
        | Straight ->
            sight <- way
            this.See head

            ground.Agenda.After(int64 seconds * 1_000_000L, Agenda.World, (fun () -> this.Enlighten()))
        | StandingStill _
        | Misled _ -> ()

    member this.Enlighten() =
        sight <- Straight
        this.See chain.Head

    /// A new process begins where the last one's durable parts stood.
    member this.Start(number: int, listener: ChainReport) =
        owner <- number
        report <- listener
        isShowing <- false
        reads.Clear()
        ground.After(50, 500, number, this.Look)
        ground.After(60_000, 60_000, number, this.Poll)
        for KeyValue(effect, order) in Seq.toArray orders do ground.After(100, 1_000, number, (fun () -> broadcast effect order))

    member _.Submit(effect: int64, call: Call) =
        match orders.TryGetValue effect with
        | true, order ->
            // Asked again: whoever was told has lost it.
            order.IsTold <- false
            tellRefusals ()
        | _ ->
            let order = ChainOrder(Parcel(me, call), head.Height)
            orders[effect] <- order
            ground.After(100, 2_000, owner, (fun () -> broadcast effect order))

    /// Its store is gone with the disk: all is shown again from the beginning.
    member _.Lose() =
        orders.Clear()
        reads.Clear()
        final <- beginning

    member this.Read(effect: int64, asset: Address, channel: ChannelId) =
        reads[effect] <- struct (asset, channel)
        ground.After(50, 500, owner, this.Look)

    member _.Has(effect: int64) = reads.ContainsKey effect || orders.ContainsKey effect

    member _.Forget(effect: int64) =
        reads.Remove effect |> ignore

        match orders.TryGetValue effect with
        | true, order when order.IsDone -> orders.Remove effect |> ignore
        | true, order -> order.IsForgotten <- true
        | _ -> ()
