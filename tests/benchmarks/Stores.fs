namespace Nitro.Benchmarks

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Diagnostics
open System.Globalization
open System.IO
open System.Text
open System.Threading
open System.Threading.Tasks
open Nitro
open Nitro.Devnet
open Nitro.EventStore
open Nitro.EventStore.Connection
open Nitro.FakeEventStore
open Nitro.Journal
open Nitro.Ports

/// Appending in one shape: records a second, median and 99th percentile of one append in microseconds of the clock.
type internal Appending =
    { PerSecond: float
      Median: float
      Tail: float }

/// Journals side by side: SQLite, EventStoreDB through our adapter, and npm's client doing the same work on the same server.
module internal Stores =
    let private none = CancellationToken.None
    let private bodyBytes = 300
    let private body = Encoding.UTF8.GetBytes("{\"channel\":\"0x" + String('a', 64) + "\",\"text\":\"" + String('x', bodyBytes - 90) + "\"}")
    let private entry = JournalEntry(1_700_000_000_000_000L, "Measured", 1, ReadOnlyMemory body)

    /// So many records an append, so many appends in flight.
    let private shapes =
        [ for size in [ 1; 10; 100; 500 ] -> $"awaited {size}", size, 1
          for inFlight in [ 16; 64; 256 ] -> $"in flight {inFlight}", 1, inFlight ]

    let private await (task: Task<'T>) : 'T = task.GetAwaiter().GetResult()

    let private appending (journal: IJournal) (seconds: float) size inFlight : Appending =
        let entries = Array.create size entry
        let times = ConcurrentBag<float>()
        let flying = Queue<Task>()
        let mutable head = journal.Next
        let mutable count = 0
        let clock = Stopwatch.StartNew()

        let append position =
            task {
                let began = Stopwatch.GetTimestamp()
                let! result = journal.AppendAsync(position, entries, none)
                if result.Outcome <> AppendOutcome.Appended then invalidOp $"the append was answered {result.Outcome}"
                times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds)
            }

        while clock.Elapsed.TotalSeconds < seconds do
            flying.Enqueue(append head)
            head <- head + int64 size
            count <- count + size
            if flying.Count >= inFlight then flying.Dequeue().GetAwaiter().GetResult()

        for rest in flying do rest.GetAwaiter().GetResult()
        let took = clock.Elapsed.TotalSeconds
        let sorted = times.ToArray() |> Array.sort

        { PerSecond = float count / took
          Median = sorted[sorted.Length / 2]
          Tail = sorted[sorted.Length * 99 / 100] }

    let openOn (connection: string) : EventStoreJournal =
        EventStoreJournalOptions(Settings = EventStoreSettings.Parse connection, Owner = $"bench{Guid.NewGuid():N}")
        |> fun options -> EventStoreJournal.OpenAsync(options, none)
        |> await

    let private measured (journal: IJournal) seconds =
        appending journal 0.5 1 64 |> ignore
        let found = [ for name, size, inFlight in shapes -> name, appending journal seconds size inFlight ]
        Journals.close journal
        found

    /// The fake server as a process of its own, for as long as the work takes.
    let withServer (work: string -> 'T) : 'T =
        let start = ProcessStartInfo("dotnet", [ Path.Combine(AppContext.BaseDirectory, "Nitro.FakeEventStore.dll") ])
        start.RedirectStandardInput <- true
        start.RedirectStandardOutput <- true
        use server = nonNull (Process.Start start)

        try
            work (nonNull (server.StandardOutput.ReadLine()))
        finally
            server.StandardInput.Close()
            server.WaitForExit()

    let private npm (connection: string) (seconds: float) =
        let rec above (folder: string) =
            let found = Path.Combine(folder, "tests", "devnet")
            if Directory.Exists found then found else above (nonNull (Path.GetDirectoryName folder))

        let devnet = above AppContext.BaseDirectory
        NpmInstall.EnsureAsync(devnet, none) |> await |> ignore
        let script = Path.Combine(devnet, "..", "benchmarks", "eventstore-append.mjs")
        let start = ProcessStartInfo("node", [ script; devnet; connection; seconds.ToString CultureInfo.InvariantCulture; string bodyBytes ])
        start.RedirectStandardOutput <- true
        use client = nonNull (Process.Start start)
        let told = client.StandardOutput.ReadToEnd()
        client.WaitForExit()

        [ for line in told.Split('\n', StringSplitOptions.RemoveEmptyEntries) do
              let parts = line.Split '\t'
              let number (i: int) = Double.Parse(parts[i], CultureInfo.InvariantCulture)
              parts[0], { PerSecond = number 1; Median = number 2; Tail = number 3 } ]

    /// Every store in every shape, in one run.
    let appends seconds : (string * (string * Appending) list) list =
        [ "SQLite", Journals.within (fun folder -> measured (Journals.openAt (Path.Combine(folder, "journal.db")) Nitro.Kernel.Address.zero) seconds)
          yield!
              withServer (fun connection ->
                  [ "EventStoreDB (fake)", measured (openOn connection) seconds
                    "npm's client, the same server", npm connection seconds ])
          match Environment.GetEnvironmentVariable "EVENTSTORE_URI" with
          | NonNull connection ->
              "EventStoreDB (real)", measured (openOn connection) seconds
              "npm's client, the real server", npm connection seconds
          | _ -> () ]

    /// Reading a node's journal, and folding it besides: records, seconds of each.
    let private folding (journal: IJournal) settings =
        let count = ref 0L

        let read =
            Bench.spentOn (fun () ->
                let records = journal.ReadAsync(0L, none).GetAsyncEnumerator none
                while records.MoveNextAsync().AsTask() |> await do count.Value <- count.Value + 1L
                records.DisposeAsync().AsTask().GetAwaiter().GetResult())

        let fold = Bench.spentOn (fun () -> Journals.replay journal settings null |> ignore)
        count.Value, read, fold

    let private inMemory (facts: seq<struct (int64 * Nitro.Node.Fact)>) =
        let journal = new MemoryJournal()
        Journals.write journal facts
        journal

    /// Reading and folding from each store.
    let folds () =
        let payer, facts = Journals.hub 1_000 25 60
        let settings = Journals.settings payer
        let fromMemory = folding (inMemory facts) settings

        let fromSqlite =
            Journals.within (fun folder ->
                let journal = Journals.openAt (Path.Combine(folder, "journal.db")) payer
                Journals.write journal facts
                let found = folding journal settings
                Journals.close journal
                found)

        let fromEventStore =
            withServer (fun connection ->
                let journal = openOn connection
                Journals.write journal facts
                let found = folding journal settings
                Journals.close journal
                found)

        [ "memory", fromMemory; "SQLite", fromSqlite; "EventStoreDB (fake)", fromEventStore ]

    /// Bytes of one payment at the payer, of many on many channels: in SQLite's file, and as EventStoreDB counts events.
    let paymentBytes () =
        let channels, payments = 100, 50

        let sqlite facts =
            Journals.within (fun folder ->
                let path = Path.Combine(folder, "journal.db")
                let journal = Journals.openAt path Nitro.Kernel.Address.zero
                Journals.write journal facts
                Journals.close journal
                FileInfo(path).Length)

        let eventStore facts =
            let cluster = FakeCluster.StartAsync() |> await
            let journal = openOn cluster.ConnectionString
            Journals.write journal facts
            Journals.close journal
            let bytes = cluster.StoredBytes
            Journals.close cluster
            bytes

        let without, all = snd (Journals.hub channels 25 0), snd (Journals.hub channels 25 payments)
        let each (bytes: int64) = float bytes / float (channels * payments)

        {| Records = each (int64 (all.Count - without.Count))
           Sqlite = each (sqlite all - sqlite without)
           EventStore = each (eventStore all - eventStore without) |}

    /// Opening an epoch of so many records: seconds until it is in force.
    let opening (records: int) =
        let entries = Array.create records entry

        let opened (journal: IJournal) =
            let spent =
                Bench.spentOn (fun () ->
                    let result = journal.OpenEpochAsync(0L, entries, none).AsTask() |> await
                    if result.Outcome <> AppendOutcome.Appended then invalidOp $"the opening was answered {result.Outcome}")

            Journals.close journal
            spent.Clock.TotalSeconds

        [ "SQLite", Journals.within (fun folder -> opened (Journals.openAt (Path.Combine(folder, "journal.db")) Nitro.Kernel.Address.zero))
          "EventStoreDB (fake)", withServer (fun connection -> opened (openOn connection)) ]
