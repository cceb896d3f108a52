namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire

/// A transaction: it may be mined at most once on any branch.
[<Sealed>]
type internal Parcel(sender: Address, call: Call) =
    member _.Sender = sender
    member _.Call = call
    /// It was mined once, on some branch: such are mined again first, in their old order, and never lost.
    member val WasMined = false with get, set

/// A block and what the contracts are after it. Branches share their common past.
[<ReferenceEquality>]
type internal Block =
    { Height: Height
      Hash: Bytes32
      /// Seconds since 1970.
      Time: uint64
      Parent: Block voption
      /// With the reason where it reverted.
      Receipts: struct (Parcel * string voption) list
      Logs: struct (uint32 * ChainEvent) list
      After: Contracts
      /// What each account has put into each channel.
      Put: Map<Address * ChannelId, Amount> }

module internal Block =
    let rec ancestor (height: Height) (block: Block) : Block =
        match block.Parent with
        | ValueSome parent when block.Height > height -> ancestor height parent
        | _ -> block

    /// The newest block that both stand on.
    let rec common (a: Block) (b: Block) : Block =
        if obj.ReferenceEquals(a, b) then a
        else
            match a.Parent, b.Parent with
            | ValueSome parent, _ when a.Height >= b.Height -> common parent b
            | _, ValueSome parent -> common a parent
            | _ -> a

    /// What became of a transaction, and at which height; not looked for below `since`.
    let rec receipt (parcel: Parcel) (since: Height) (block: Block) : struct (Height * string voption) voption =
        match block.Receipts |> List.tryFind (fun (struct (mined, _)) -> obj.ReferenceEquals(mined, parcel)), block.Parent with
        | Some(struct (_, reason)), _ -> ValueSome(struct (block.Height, reason))
        | None, ValueSome parent when block.Height > since -> receipt parcel since parent
        | None, _ -> ValueNone

/// The canonical chain, the transactions that wait, and what may go wrong with both. It idles while nothing waits.
[<Sealed>]
type internal Blockchain(ground: Ground, start: Contracts, confirmations: int) =
    let genesis =
        { Height = 1UL
          Hash = Bytes32.ofUInt64 1UL
          Time = uint64 (ground.Agenda.Now / 1_000_000L)
          Parent = ValueNone
          Receipts = []
          Logs = []
          After = start
          Put = Map.empty }

    let waiting = List<Parcel>()
    let followers = List<Block -> unit>()
    let mutable head = genesis
    let mutable isDue = false
    /// Blocks go on until everybody can have seen the last transaction at final depth.
    let mutable busyUntil = 0UL

    let put (parcel: Parcel) (before: Map<Address * ChannelId, Amount>) =
        match parcel.Call with
        | Call.Deposit(_, channel, _, amount) ->
            let key = parcel.Sender, channel
            let already = match before.TryFind key with Some found -> found | None -> Amount.zero
            before.Add(key, Amount.addSaturated already amount)
        | _ -> before

    let hashOf (height: Height) : Bytes32 =
        { A = ground.Random.Next64()
          B = ground.Random.Next64()
          C = height
          D = ground.Random.Next64() }

    let build (parent: Block) (parcels: Parcel list) : Block =
        let height = parent.Height + 1UL
        let time = max (parent.Time + 1UL) (uint64 (ground.Agenda.Now / 1_000_000L))
        let mutable contracts = parent.After
        let mutable puts = parent.Put
        let receipts = List()
        let logs = List()

        for parcel in parcels do
            parcel.WasMined <- true

            match Execution.run FakeCurve.recover time parcel.Sender parcel.Call contracts with
            | Ok(next, events) ->
                contracts <- next
                puts <- put parcel puts
                receipts.Add(struct (parcel, ValueNone))
                for event in events do logs.Add(struct (uint32 logs.Count, event))
            | Error reason -> receipts.Add(struct (parcel, ValueSome reason))

        { Height = height
          Hash = hashOf height
          Time = time
          Parent = ValueSome parent
          Receipts = List.ofSeq receipts
          Logs = List.ofSeq logs
          After = contracts
          Put = puts }

    /// What the next block takes: first what was mined before, in order; an account's transactions never overtake each other.
    let choose () : Parcel list =
        let chosen = List<Parcel>()
        let held = HashSet<Address>()
        let mutable isOpen = true

        for parcel in waiting.ToArray() do
            if isOpen && not (held.Contains parcel.Sender) then
                if ground.Strikes("transaction delayed", ground.Faults.TransactionDelayed) then
                    held.Add parcel.Sender |> ignore
                    if parcel.WasMined then isOpen <- false
                elif not parcel.WasMined && ground.Strikes("transaction dropped", ground.Faults.TransactionDropped) then
                    // Whatever the account sent after it has a later nonce, and waits for it.
                    held.Add parcel.Sender |> ignore
                    waiting.Remove parcel |> ignore
                else
                    chosen.Add parcel
                    waiting.Remove parcel |> ignore

        List.ofSeq chosen

    let extend () =
        let parcels = choose ()
        head <- build head parcels
        if not parcels.IsEmpty then busyUntil <- max busyUntil (head.Height + uint64 confirmations + 1UL)

    let rec removed (block: Block) (depth: int) found =
        match block.Parent with
        | ValueSome parent when depth > 0 ->
            removed parent (depth - 1) ([ for struct (parcel, _) in block.Receipts -> parcel ] @ found)
        | _ -> struct (block, found)

    /// Another branch, one block longer, takes the place of the last blocks.
    let replace () =
        let depth = ground.Random.Between(1, confirmations + 3)
        let before = head.Height
        let struct (standing, parcels) = removed head depth []
        if ground.IsTracing then ground.Note(ValueNone, (fun () -> $"blocks {standing.Height + 1UL} to {before} are replaced"))
        waiting.InsertRange(0, parcels)
        head <- standing
        while head.Height <= before do extend ()
        busyUntil <- max busyUntil (head.Height + uint64 confirmations + 1UL)

    let tell () =
        // Whoever looks sees the newest there is by then.
        for follower in followers do ground.After(10, 2_500, Agenda.World, (fun () -> follower head))

    member _.Head = head
    member _.Confirmations = uint64 confirmations
    /// Who is told of each new head.
    member _.Followers = followers
    /// Called with each new head, before anybody is told.
    member val OnBlock: Block -> unit = ignore with get, set
    /// Blocks that only one node sees: as if so many of the last ones had never been, their transactions a little later.
    member _.Branch(depth: int) : Block =
        let struct (standing, parcels) = removed head depth []
        let empty = build standing []
        let mutable branch = build empty parcels
        while branch.Height < head.Height + 1UL do branch <- build branch []
        branch

    member _.Grow(branch: Block) : Block = build branch []

    member private this.Mine() =
        isDue <- false
        if head.Height > 2UL && ground.Strikes("re-org", ground.Faults.Reorg) then replace () else extend ()
        this.OnBlock head
        tell ()
        this.Wake()

    /// Sees to it that a block is coming where one is wanted.
    member this.Wake() =
        if not isDue && (waiting.Count > 0 || head.Height < busyUntil) then
            isDue <- true
            ground.After(1_000, 12_000, Agenda.World, this.Mine)

    /// Blocks go on for a while, though nothing waits.
    member this.KeepGoing(blocks: uint64) =
        busyUntil <- max busyUntil (head.Height + blocks)
        this.Wake()

    /// What its sender means to send and does not: a byzantine sender's own.
    member val KeepsBack: Parcel -> bool = (fun _ -> false) with get, set

    /// Into the line, unless it waits there or is on the chain already.
    member this.Broadcast(parcel: Parcel, since: Height) =
        if not (waiting.Contains parcel) && not (this.KeepsBack parcel) && (Block.receipt parcel since head).IsNone then
            waiting.Add parcel
            this.Wake()

    /// To the end of the line, together with whatever the account sent after it.
    member _.Replace(parcel: Parcel) =
        if not parcel.WasMined && waiting.Contains parcel then
            let moved = waiting.ToArray() |> Array.filter (fun other -> other.Sender = parcel.Sender && not other.WasMined)
            for other in moved do waiting.Remove other |> ignore
            waiting.AddRange moved

    /// A block that breaks the contracts' rules: for tests of what a node does then.
    member this.Distort(change: Contracts -> Contracts) =
        head <- { build head [] with After = change head.After }
        this.KeepGoing(uint64 confirmations + 1UL)

    member _.IsIdle = waiting.Count = 0 && head.Height >= busyUntil
