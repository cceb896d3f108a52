module Nitro.Benchmarks.Program

open System
open BenchmarkDotNet.Running
open Spectre.Console

/// Tells that something happens, and how long it took.
let private timed (what: string) (work: unit -> 'T) : 'T =
    let watch = Diagnostics.Stopwatch.StartNew()
    let result = work ()
    eprintfn $"{what}: {watch.Elapsed.TotalSeconds:F1} s"
    result

let private voucher () =
    let micros, share = Measures.voucher ()
    [ Row.micros "voucher: issue and receive, no disk" micros $"{share:F2} of the floor (aim 0.7)" ]

let private core floor =
    let opening, signatures, recoveries = Measures.virtualOpen ()
    let step1k, step100k = Measures.step 1_000, Measures.step 100_000
    Measures.openings 100 |> ignore
    let fewAgreeing, fewGuaranteeing = Measures.openings 100
    let manyAgreeing, manyGuaranteeing = Measures.openings 10_000
    let least = signatures * fst floor + recoveries * snd floor

    [ Row.micros "Engine.step, 1,000 open channels" step1k "aim 20 µs"
      Row.micros "Engine.step, 100,000 open channels" step100k $"{step100k / step1k:F1} times that at 1,000"
      Row.micros "step, 100 openings in flight: pre-funds" fewAgreeing ""
      Row.micros "step, 10,000 openings in flight: pre-funds" manyAgreeing $"{manyAgreeing / fewAgreeing:F1} times that of 100 (aim 2)"
      Row.micros "step, 100 openings in flight: guarantees" fewGuaranteeing ""
      Row.micros "step, 10,000 openings in flight: guarantees" manyGuaranteeing $"{manyGuaranteeing / fewGuaranteeing:F1} times that of 100 (aim 2)"
      Row.micros
          "virtual open over one hub, all parties, 0 to 20 open"
          opening
          $"{least / opening:F2} of its {signatures:F1} signatures and {recoveries:F1} recoveries (least: 10, 16)"
      Row.micros "Keccak-256, 32 bytes" (Measures.keccak 32) ""
      Row.micros "state hash, no guarantee" (Measures.stateHash 0) ""
      Row.micros "state hash, 50 guarantees" (Measures.stateHash 50) ""
      Row.micros "state hash, 500 guarantees" (Measures.stateHash 500) "" ]

let private tenants seconds floor =
    let many, one, sync = Tenants.paying Within seconds

    let row name (run: Paying) =
        let count = float run.Payments
        let each = run.Spent.Processor.TotalMicroseconds / count

        Row.text
            name
            $"{count / run.Spent.Clock.TotalSeconds:F0}/s, {each:F0} µs each"
            $"{floor / each:F2} of the floor; {float run.Records / count:F1} records, {float run.Bytes / count:F0} bytes, {float run.Commits / count:F2} fsyncs of journals each"

    [ Row.micros "4 KiB and an fsync (clock)" sync ""
      row "two tenants, journal and marks, 16 channels" many
      row "two tenants, journal and marks, one channel" one ]

let private restart () =
    let records, bytes, spent, heap = Journals.restart 10_000
    let payer, payee = Measures.journalBytes ()
    let epoch = Journals.epoch 10_000 10

    [ Row.text
          "restart with 10,000 channels"
          $"{spent.Clock.TotalSeconds:F1} s"
          $"{records} records, {float bytes / 1e6:F0} MB; {spent.Processor.TotalMicroseconds / float records:F1} µs of the processor a record"
      Row.text
          "restart with 10,000 channels and 100,000 payments, one epoch"
          $"{epoch.Long.Clock.TotalSeconds:F1} s"
          $"{epoch.Before} records; {epoch.Long.Processor.TotalMicroseconds / float epoch.Before:F1} µs of the processor each"
      Row.text
          "the same, from a snapshot of all"
          $"{epoch.Quick.Clock.TotalSeconds:F1} s"
          $"{float epoch.SnapshotBytes / 1e6:F0} MB, made beside the node in {epoch.Kept.Clock.TotalSeconds:F1} s"
      Row.text
          "the same, restated in the next epoch"
          $"{epoch.Brief.Clock.TotalSeconds:F1} s"
          $"{epoch.After} records, {float epoch.Bytes / 1e6:F0} MB; {epoch.Brief.Processor.TotalMicroseconds / float epoch.After:F1} µs of the processor each"
      Row.text
          "opening that epoch: the node stands still"
          $"{epoch.Made.Clock.TotalSeconds + epoch.Written.Clock.TotalSeconds:F1} s"
          $"{epoch.Beside.Clock.TotalSeconds:F1} s beside it first, {epoch.Made.Clock.TotalSeconds:F1} s to finish, {epoch.Written.Clock.TotalSeconds:F1} s to write; of the processor {epoch.Beside.Processor.TotalSeconds:F1}, {epoch.Made.Processor.TotalSeconds:F1}, {epoch.Written.Processor.TotalSeconds:F1} s"
      Row.text "live memory per idle payment channel" $"{heap / 1024.0:F1} KiB" "one party's, after a restart"
      Row.text "journal bytes of a payment" $"{payer + payee}" $"payer {payer}, payee {payee}; bodies and names" ]

/// Minutes, and some gigabytes of memory: not among the quick ones.
let private long channels payments =
    let rows name closed =
        let past = Journals.within (fun folder -> Restarts.measure folder channels closed payments)

        [ Row.text
              $"{name}: folding the payments' facts, in memory"
              $"{float past.Facts / past.Folding.Processor.TotalSeconds:F0} facts/s"
              $"{past.Facts} facts; {past.Folding.Processor.TotalMicroseconds / float past.Facts:F2} µs of the processor and {past.Allocated / past.Facts} bytes each"
          Row.text
              $"{name}: restart from a snapshot"
              $"{past.Returned.Clock:F1} s"
              $"aim 5 s; {past.Returned.Processor:F1} s of the processor, {past.Returned.Collector:F1} s stood still for the collector; {past.Tail} records after it; {float past.Returned.Live / 1e6:F0} MB live, {float past.Returned.Peak / 1e6:F0} MB resident at most"
          Row.text
              $"{name}: the snapshot"
              $"{float past.SnapshotBytes / 1e6:F0} MB"
              $"made beside the node in {past.Keeping.Clock.TotalSeconds:F1} s, {past.Keeping.Processor.TotalSeconds:F1} s of the processor" ]

    rows $"{channels} channels open" 0 @ rows $"of {channels} channels nine of ten closed" (channels / 10 * 9)

let private api seconds floor =
    let asked, many, one = Api.payments seconds

    let row name aim (run: Calling) =
        let count = float run.Calls
        let nodes, callers = run.Nodes.TotalMicroseconds / count, run.Callers.TotalMicroseconds / count

        Row.text
            name
            $"{count / run.Clock.TotalSeconds:F0}/s{aim}"
            $"the three nodes {nodes:F0} µs ({floor / nodes:F2} of the floor), callers {callers:F0} µs each; {float run.Records / count:F1} records, {float run.Fsyncs / count:F2} fsyncs of journals each"

    [ row "JSON-RPC: get_address, 16 in flight" "" asked
      row "JSON-RPC: pay, 16 in flight, 16 channels" " (aim 2000)" many
      row "JSON-RPC: pay, 16 in flight, one channel" "" one ]

let private signer seconds =
    let asked = Signers.asking seconds

    [ Row.micros "signer: read and judge a voucher" (Signers.judging ()) "aim 15 µs with the stage"
      Row.micros "signer process on a Unix socket: one voucher, median" asked.Median $"aim 700 µs; 99 of 100 below {asked.Tail:F0} µs"
      Row.text "signer process: vouchers, 64 in flight" $"{asked.PerSecond:F0}/s" $"aim 5,000/s; {asked.Node:F0} µs of the node's processor and {asked.Signer:F0} µs of the signer's each" ]

/// Two networks that pay by turns: what sets the second apart from the first, and how many times its payments are to be.
let private pair first second aim ((young, old): (Calling * Calling) * (Calling * Calling)) =
    let perSecond (run: Calling) = float run.Calls / run.Clock.TotalSeconds
    let each (spent: TimeSpan) (run: Calling) = spent.TotalMicroseconds / float run.Calls
    let total (run: Calling) = each (run.Nodes + run.Callers) run

    let row name beside (run: Calling) =
        let processes = run.Processes |> List.map (fun spent -> $"{each spent run:F0}") |> String.concat ", "
        Row.text name $"{perSecond run:F0}/s" $"{beside}{processes} µs of the processor by each process, callers {each run.Callers run:F0}"

    [ for name, (a, b) in [ "in the nodes' first seconds", young; "later", old ] do
          row $"JSON-RPC: pay, 16 channels, {first}, {name}" "" a
          row $"the same, {second}, {name}" $"{perSecond b / perSecond a:F2} times that{aim}, of the processor's time {total a / total b:F2}; " b ]

let private stores seconds = Api.stores 6 (seconds / 3.0) |> pair "journals on SQLite" "on EventStoreDB (fake)" ""
let private keys seconds = Api.keys 6 (seconds / 3.0) |> pair "keys in the node" "keys elsewhere" " (aim 0.5)"

let private journal (seconds: float) =
    [ for store, shapes in Stores.appends (seconds / 3.0) do
          for shape, run in shapes do
              Row.text $"{store}: {shape}" $"{run.PerSecond:F0} records/s" $"an append {run.Median:F0} µs, 99 of 100 below {run.Tail:F0} µs"
      for store, (records, read, fold) in Stores.folds () do
          Row.text
              $"{store}: a journal of {records} records"
              $"{float records / read.Clock.TotalSeconds:F0} read/s"
              $"{float records / fold.Clock.TotalSeconds:F0} read and folded/s; {read.Processor.TotalMicroseconds / float records:F1} and {fold.Processor.TotalMicroseconds / float records:F1} µs of the processor each"
      for store, took in Stores.opening 150_000 do
          Row.text $"{store}: opening an epoch of 150,000 records" $"{took:F1} s" ""
      let bytes = Stores.paymentBytes ()
      Row.text
          "bytes of a payment at the payer"
          $"{bytes.Sqlite:F0} and {bytes.EventStore:F0}"
          $"SQLite's file; EventStoreDB's events without its own overhead; {bytes.Records:F1} records" ]

let private sent (run: Messaging) =
    Row.text
        "messages of 200 bytes on one connection, 16 in flight"
        $"{run.PerSecond:F0}/s"
        $"aim 20,000/s; of the processor {run.Sender:F0} µs where each is sent, {run.Receiver:F0} µs where it is answered"

let private streamed (rate: float) = Row.text "one stream" $"{rate:F0} MB/s" "aim 100 MB/s"

let private wire seconds =
    let struct (messages, rate) = Networks.quick seconds
    [ sent messages; streamed rate ]

let private network seconds =
    let wire = Networks.measure seconds
    let withinMany, withinOne, _ = Tenants.paying Within seconds
    let many, one, _ = Tenants.paying Networks.apart seconds
    let within, _ = Tenants.paysAlone Within
    let median, tail = Tenants.paysAlone Networks.apart
    let perSecond (run: Paying) = float run.Payments / run.Spent.Clock.TotalSeconds

    [ Row.text "dial to ready, median of 50" $"{fst wire.Ready:F1} ms" $"aim 20 ms; worst {snd wire.Ready:F1} ms"
      sent wire.Messages
      streamed wire.Stream
      Row.text "an idle connection, of 1,000" $"{fst wire.Idle:F0} KiB resident" $"aim 64 KiB; {snd wire.Idle:F0} KiB of live objects"
      Row.text "one payment alone, durable at both and known to be, median" $"{median / 1000.0:F2} ms" $"aim 5 ms; 99 of 100 below {tail / 1000.0:F2} ms; in the process {within / 1000.0:F2} ms"
      Row.text "payments, 16 in flight, 16 channels" $"{perSecond many:F0}/s" $"in the process {perSecond withinMany:F0}/s"
      Row.text "payments, 16 in flight, one channel" $"{perSecond one:F0}/s" $"in the process {perSecond withinOne:F0}/s" ]

let private rows which seconds : Row list =
    let sign, recover = Measures.floor ()
    let wants part = which = "quick" || which = part

    [ Row.micros "sign (libsecp256k1)" sign ""
      Row.micros "recover" recover "floor of a payment: one of each"
      if wants "voucher" then yield! timed "voucher" voucher
      if wants "core" then yield! timed "core" (fun () -> core (sign, recover))
      if wants "restart" then yield! timed "restart" restart
      if wants "journal" then yield! timed "journal" (fun () -> journal seconds)
      if wants "tenants" then yield! timed "tenants" (fun () -> tenants seconds (sign + recover))
      if wants "signer" then yield! timed "signer" (fun () -> signer seconds)
      if wants "stores" then yield! timed "stores" (fun () -> stores seconds)
      if which = "wire" then yield! timed "wire" (fun () -> wire seconds)
      if wants "keys" then yield! timed "keys" (fun () -> keys seconds)
      if wants "network" then yield! timed "network" (fun () -> network seconds)
      if wants "api" then yield! timed "api" (fun () -> api seconds (sign + recover)) ]

let private show (rows: Row list) =
    let table = Table()
    table.AddColumn "measure" |> ignore
    table.AddColumn(TableColumn("figure").RightAligned()) |> ignore
    table.AddColumn "aim, floor or count" |> ignore
    for row in rows do table.AddRow(Markup.Escape row.Name, Markup.Escape row.Figure, Markup.Escape row.Beside) |> ignore
    if Console.IsOutputRedirected then AnsiConsole.Profile.Width <- 180
    AnsiConsole.Write table

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "quick" | "voucher" | "core" | "restart" | "journal" | "tenants" | "signer" | "keys" | "stores" | "network" | "api" as which |] -> show (rows which 6.0)
    // The other processes of the suite "network".
    | [| "network-peer" |] -> Networks.serve ()
    | [| "network-payee" |] -> Networks.servePayee ()
    // The node of the suite "long" that comes back.
    | [| "come-back"; folder; owner |] -> Restarts.comeBack folder owner
    | [| "long" |] -> show (long 100_000 100)
    | [| "long"; channels; payments |] -> show (long (int channels) (int payments))
    // Longer, for a profiler.
    | [| "tenants" | "api" | "keys" | "stores" | "journal" | "wire" as which; seconds |] -> show (rows which (float seconds))
    | _ -> BenchmarkSwitcher([| typeof<PaymentBenchmarks>; typeof<HashBenchmarks> |]).Run arguments |> ignore

    0
