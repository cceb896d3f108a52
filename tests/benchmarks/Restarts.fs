namespace Nitro.Benchmarks

open System
open System.Collections.Generic
open System.Diagnostics
open System.Globalization
open System.IO
open System.Threading
open Nitro
open Nitro.Kernel
open Nitro.Node
open Nitro.Wire
open Nitro.Journal
open Nitro.Ports
open Nitro.Host.Loop

/// How long a node with a long past took to come back, in a process of its own that is configured as the program; times in seconds.
type internal Return =
    { Clock: float
      Processor: float
      /// Of the clock's, in which the collector let nothing else run.
      Collector: float
      /// Bytes: what lives afterwards, and what was resident at most.
      Live: int64
      Peak: int64 }

/// A node with many channels and millions of payments behind them: made, kept as a snapshot, and restarted.
type internal LongPast =
    { Facts: int64
      Folding: Spent
      /// Bytes that folding them allocated.
      Allocated: int64
      SnapshotBytes: int64
      Keeping: Spent
      Tail: int64
      Returned: Return }

module internal Restarts =
    let private none = CancellationToken.None
    let private hubs = 25
    let private paymentFacts = 5L
    let private madeTogether = 1_000

    /// What the core records of the n-th payment of a channel, but with a signature of nobody's.
    let private payment channel payee (position: int64) (n: int) (request: int64) : Fact list =
        let total = Amount.ofUInt64 (uint64 n)
        let id = RequestId(request.ToString("D16", CultureInfo.InvariantCulture))
        let signature: Signature = { R = Bytes32.ofUInt64 (uint64 request); S = Bytes32.ofUInt64 (uint64 n); V = 27uy }

        [ PaymentReserved(id, Bytes32.ofUInt64 (uint64 request), channel, Amount.one, Sent)
          IntentRecorded(SignPayload(PaymentVoucher(channel, total)))
          VoucherIssued(channel, total, signature)
          IntentRecorded(Tell(payee, VoucherOf(channel, total)))
          IntentFinished(EffectId(position + 3L), Kept) ]

    /// A payer with so many channels, of which so many were closed again, all by the core; and its address.
    let private live channels closed payments =
        let net = BenchNet(Crypto.none ())
        let payer = net.Add 1
        let mutable nonce = 1_000_000UL
        let mutable made = 0

        for ledger in 1 .. (channels + hubs - 1) / hubs do
            let peer = net.Add(ledger + 1)
            net.Ledger(payer, peer, 1_000_000_000UL, uint64 ledger) |> ignore

            for _ in 1..hubs do
                nonce <- nonce + 1UL
                let channel = net.OpenPayment(payer, [], peer, uint64 (max 10 payments), nonce)
                net.Drain()
                net.Ask(payer, Pay(channel, Amount.one, Sent)) |> ignore
                net.Drain()
                made <- made + 1

                if made <= closed then
                    net.Ask(payer, ClosePaymentChannel channel) |> ignore
                    net.Drain()

            // The peers' own states are nobody's concern here.
            net.Nodes.Remove peer |> ignore

        payer, net.Nodes[payer].State

    /// The other payments on every channel that is open, round by round; and what folding their facts took, without making them.
    let private pay payments (first: NodeState) =
        let targets =
            [| for c in Table.values first.Channels do
                   match c.Payments with
                   | ValueSome p when p.Role = Payer && (Channel.ownFinal c).IsNone -> struct (c.Terms.Id, c.Terms.Payee)
                   | _ -> () |]

        let state = ref (NodeDraft.begin' first)
        let mutable request = 1_000_000_000_000L
        let mutable spent = { Clock = TimeSpan.Zero; Processor = TimeSpan.Zero }
        let mutable allocated = 0L

        for n in 2..payments do
            for some in Array.chunkBySize madeTogether targets do
                let position, earlier = state.Value.Position, request
                request <- request + int64 some.Length

                let pauses = GC.GetTotalPauseDuration()

                let made =
                    some
                    |> Array.mapi (fun index (struct (channel, payee)) ->
                        payment channel payee (position + int64 index * paymentFacts) n (earlier + int64 index + 1L))

                // The collector clears up behind the folding, whenever it runs.
                let collector = GC.GetTotalPauseDuration() - pauses
                let before = GC.GetAllocatedBytesForCurrentThread()

                let folding =
                    Bench.spentOn (fun () ->
                        let mutable folded = state.Value
                        for index in 0 .. made.Length - 1 do
                            let at = Instant(2_000_001L + earlier + int64 index)
                            for fact in made[index] do folded <- NodeDraft.fold folded at fact
                        state.Value <- folded)

                allocated <- allocated + GC.GetAllocatedBytesForCurrentThread() - before

                spent <-
                    { Clock = spent.Clock + folding.Clock + collector
                      Processor = spent.Processor + folding.Processor + collector }

        struct (NodeDraft.finish state.Value, spent, allocated)

    /// Payments on some channel, as they would stand after the snapshot.
    let private tail (state: NodeState) count : struct (int64 * Fact) list =
        let channel = Table.values state.Channels |> Seq.find (fun c -> c.Payments.IsSome && (Channel.ownFinal c).IsNone)
        let issued = (ValueOption.get channel.Payments).Issued

        [ for n in 1..count do
              let position = state.Position + int64 (n - 1) * paymentFacts
              let facts = payment channel.Terms.Id channel.Terms.Payee position (int issued.Value + n) (2_000_000_000_000L + int64 n)
              for fact in facts do struct (3_000_000_000_000L, fact) ]

    let private openAt folder (owner: string) first =
        SqliteJournal.OpenAsync(SqliteJournalOptions(Path = Path.Combine(folder, "journal.db"), Owner = owner, FirstPosition = first), none).GetAwaiter().GetResult()

    let private kept folder = Path.Combine(folder, "snapshot")

    /// This process comes back as the node of that folder, and says what it took.
    let comeBack (folder: string) (owner: string) =
        let start = Stopwatch.GetTimestamp()
        let journal = openAt folder owner 0L
        let settings = Journals.settings (ValueOption.get (Address.tryParse owner))
        let node = Journals.replay journal settings (kept folder)
        let took = Stopwatch.GetElapsedTime start
        let processor = Environment.CpuUsage.TotalTime
        let collector = GC.GetTotalPauseDuration()
        if node.Position <> journal.Next then invalidOp "not all was folded"
        Journals.close journal
        let peak = (Process.GetCurrentProcess()).PeakWorkingSet64
        let live = GC.GetTotalMemory true
        GC.KeepAlive node
        Console.WriteLine(String.Join('\t', took.TotalSeconds, processor.TotalSeconds, collector.TotalSeconds, live, peak))

    let private another folder (owner: string) : Return =
        let start = ProcessStartInfo("dotnet", [ typeof<Return>.Assembly.Location; "come-back"; folder; owner ], RedirectStandardOutput = true)
        // As the program has it, unlike a benchmark: the collector works beside it.
        start.Environment["DOTNET_gcConcurrent"] <- "1"
        use child = nonNull (Process.Start start)
        let told = child.StandardOutput.ReadToEnd().Split '\t'
        child.WaitForExit()
        let number (i: int) = Double.Parse(told[i], CultureInfo.InvariantCulture)

        { Clock = number 0
          Processor = number 1
          Collector = number 2
          Live = int64 (number 3)
          Peak = int64 (number 4) }

    /// The middle one of three: the first one's memory is new to the machine.
    let private comingBack folder owner =
        let all = [ for _ in 1..3 -> another folder owner ] |> List.sortBy _.Clock
        all[1]

    let measure (folder: string) channels closed payments =
        let payer, first = live channels closed payments
        let struct (state, folding, allocated) = pay payments first
        let facts = state.Position - first.Position
        let owner = payer.ToString()
        let settings = Journals.settings payer
        // Of the journal only the last record before the snapshot is there, and what follows.
        let journal = openAt folder owner (state.Position - 1L)
        Journals.write journal [ struct (2_999_999_999_999L, IntentFinished(EffectId 0L, Kept)) ]
        let node = NodeHandle(settings.Settings, state, { Number = 0; Start = 0L; Restated = 0L })
        let keeping = Bench.spentOn (fun () -> Journals.keep journal settings (kept folder) node)
        let after = tail state 1_000
        Journals.write journal after
        Journals.close journal

        { Facts = facts
          Folding = folding
          Allocated = allocated
          SnapshotBytes = FileInfo(kept folder).Length
          Keeping = keeping
          Tail = int64 after.Length
          Returned = comingBack folder owner }
