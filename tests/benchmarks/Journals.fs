namespace Nitro.Benchmarks

open System
open System.Collections.Generic
open System.IO
open System.Threading
open Nitro
open Nitro.Host
open Nitro.Host.Loop
open Nitro.Kernel
open Nitro.Node
open Nitro.Wire
open Nitro.Journal
open Nitro.Ports

/// Journals on disk, written from what bench nodes recorded.
module internal Journals =
    let private none = CancellationToken.None

    /// `operation` in a folder of its own, which is gone afterwards.
    let within (operation: string -> 'T) : 'T =
        let folder = Directory.CreateTempSubdirectory "nitro-bench-"
        try operation folder.FullName
        finally folder.Delete true

    let openAt path (owner: Address) : SqliteJournal =
        SqliteJournal.OpenAsync(SqliteJournalOptions(Path = path, Owner = owner.ToString()), none).GetAwaiter().GetResult()

    let close (journal: IAsyncDisposable) = journal.DisposeAsync().AsTask().GetAwaiter().GetResult()

    /// Appends facts as a node would, some at a time.
    let write (journal: IJournal) (facts: seq<struct (int64 * Fact)>) =
        for batch in Seq.chunkBySize AppendRules.EnoughRecords facts do
            let entries =
                batch
                |> Array.map (fun struct (at, fact) ->
                    let struct (name, version, body) = LogV1.encode fact
                    JournalEntry(at, name, version, ReadOnlyMemory body))

            let result = journal.AppendAsync(journal.Next, entries, none).AsTask().GetAwaiter().GetResult()
            if result.Outcome <> AppendOutcome.Appended then invalidOp $"the append was answered {result.Outcome}"

    /// Settings as a host gives them, for the node of bench key `n`.
    let settings (me: Address) : NodeSettings =
        let address (n: int) = Address.ofSpan (ReadOnlySpan(Array.append (Array.zeroCreate<byte> 16) (BitConverter.GetBytes n)))

        let json =
            $"""{{"address":"{me}","consensusApp":"{address 1}","virtualPaymentApp":"{address 2}","adjudicator":"{address 3}",
                "defaultChallengeDuration":86400,"goNitroPeers":[],"openingSeconds":600,"policy":{{"mode":"automatic"}}}}"""

        let recover =
            RecoverSigner(fun digest signature address -> Nitro.Secp256k1.Curve.Default.TryRecoverAddress(digest, signature, address))

        match NitroCore.TryConfigure(ReadOnlyMemory(Text.Encoding.UTF8.GetBytes json), recover) with
        | true, NonNull settings, _ -> settings
        | _, _, error -> invalidOp error

    /// A tenant's parts as far as its journal goes.
    let private parts (journal: IJournal) (settings: NodeSettings) (snapshot: string | null) =
        TenantParts(
            Name = "bench",
            Settings = settings,
            Journal = journal,
            Signer = Unchecked.defaultof<_>,
            Chain = Unchecked.defaultof<_>,
            Link = Unchecked.defaultof<_>,
            SnapshotPath = snapshot,
            SnapshotRecords = 1L
        )

    let private wait (work: Tasks.Task<'T>) = work.GetAwaiter().GetResult()

    /// The state that a journal stands for, read and folded as at a start.
    let replay journal settings snapshot : NodeHandle =
        let struct (node, _, _) = wait (Replay.RunAsync(parts journal settings snapshot, none))
        node

    /// Keeps a node's state beside its journal.
    let keep journal settings (path: string) (node: NodeHandle) =
        let snapshots = Snapshots(parts journal settings path, 0L)
        snapshots.Consider node
        snapshots.Made.GetAwaiter().GetResult()
        (snapshots :> IAsyncDisposable).DisposeAsync().AsTask().GetAwaiter().GetResult()

    /// Facts of one payer with so many open payment channels, `perLedger` on each ledger, and so many payments on each channel.
    let hub channels perLedger payments =
        let net = BenchNet(Crypto.none ())
        let payer = net.Add 1
        let journal = List<struct (int64 * Fact)>()
        net.Nodes[payer].Journal <- ValueSome journal
        let mutable nonce = 1_000_000UL

        for ledger in 1 .. channels / perLedger do
            let peer = net.Add(ledger + 1)
            net.Ledger(payer, peer, 1_000_000UL, uint64 ledger) |> ignore

            for _ in 1..perLedger do
                nonce <- nonce + 1UL
                let channel = net.OpenPayment(payer, [], peer, uint64 (max 10 payments), nonce)
                net.Drain()

                for _ in 1..payments do
                    net.Ask(payer, Pay(channel, Amount.one, Sent)) |> ignore
                    net.Drain()

            // The peers' own states are nobody's concern here.
            net.Nodes.Remove peer |> ignore

        payer, journal

    /// Restarting a node with so many open payment channels: records, bytes on disk, clock time of the fold, live heap bytes per channel.
    let restart channels =
        within (fun folder ->
            let path = Path.Combine(folder, "journal.db")
            let payer, facts = hub channels 25 0
            let journal = openAt path payer
            write journal facts
            let records = journal.Next
            close journal
            facts.Clear()
            let bytes = FileInfo(path).Length
            let before = GC.GetTotalMemory true
            let journal = openAt path payer
            let node = ref (NitroCore.Create(settings payer))
            let spent = Bench.spentOn (fun () -> node.Value <- replay journal (settings payer) null)
            close journal
            let heap = GC.GetTotalMemory true - before
            if node.Value.Position <> records then invalidOp "not all was folded"
            GC.KeepAlive node
            records, bytes, spent, float heap / float channels)

    /// An epoch of a node with so many open payment channels and so many payments on each: records and restart without it, records
    /// and restart with it, and what opening it took: beside the node, while it stands still, and of that in the journal.
    let epoch channels payments =
        within (fun folder ->
            let path = Path.Combine(folder, "journal.db")
            let payer, facts = hub channels 25 payments
            let settings = settings payer
            let journal = openAt path payer
            write journal facts
            facts.Clear()
            let before = journal.Next
            let node = ref (NitroCore.Create settings)
            let long = Bench.spentOn (fun () -> node.Value <- replay journal settings null)
            let snapshot = Path.Combine(folder, "snapshot")

            let kept = Bench.spentOn (fun () -> keep journal settings snapshot node.Value)

            let quick = Bench.spentOn (fun () -> node.Value <- replay journal settings snapshot)
            let draft = ref ValueNone
            let beside = Bench.spentOn (fun () -> draft.Value <- ValueSome(NodeEpochs.Draft node.Value))
            let entries = ref [||]

            let made =
                Bench.spentOn (fun () ->
                    match NodeEpochs.TryOpen(node.Value, ValueOption.get draft.Value) with
                    | true, NonNull opening, _ ->
                        entries.Value <- [| for r in opening.Records -> JournalEntry(1_000_000_000L, r.Type, r.Version, r.Body) |]
                    | _, _, error -> invalidOp error)

            let written =
                Bench.spentOn (fun () ->
                    let result = journal.OpenEpochAsync(before, entries.Value, none).AsTask().GetAwaiter().GetResult()
                    if result.Outcome <> AppendOutcome.Appended then invalidOp $"the opening was answered {result.Outcome}")

            close journal
            draft.Value <- ValueNone
            let journal = openAt path payer
            let brief = Bench.spentOn (fun () -> node.Value <- replay journal settings null)
            if node.Value.Position <> journal.Next then invalidOp "not all was folded"
            close journal

            {| Before = before
               After = int64 entries.Value.Length
               Bytes = entries.Value |> Array.sumBy (fun entry -> int64 entry.Body.Length)
               Long = long
               Brief = brief
               Kept = kept
               Quick = quick
               SnapshotBytes = FileInfo(snapshot).Length
               Beside = beside
               Made = made
               Written = written |})

    /// What one durable write costs here at the very least: 4 KiB and an fsync, in microseconds of the clock.
    let fsync folder =
        use file = new FileStream(Path.Combine(folder, "fsync"), FileMode.Create, FileAccess.Write, FileShare.None, 1)
        let page = Array.zeroCreate<byte> 4096

        let one () =
            let watch = Diagnostics.Stopwatch.StartNew()
            file.Write(page, 0, page.Length)
            file.Flush true
            watch.Elapsed.TotalMicroseconds

        Array.init 100 (fun _ -> one ()) |> Array.sort |> Array.item 50
