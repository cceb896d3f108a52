module Nitro.Benchmarks.Program

open BenchmarkDotNet.Running
open Spectre.Console

let private rows () : Row list =
    let row name micros aim = { Name = name; Micros = micros; Aim = aim }
    let sign, recover = Measures.floor ()
    let floor = sign + recover
    let voucher = Measures.voucher (Crypto.real ())
    let opening, signatures, recoveries = Measures.virtualOpen ()
    let step1k, step100k = Measures.step 1_000, Measures.step 100_000
    let few, many = Measures.openings 100, Measures.openings 10_000
    let payer, payee = Measures.journalBytes ()

    [ row "sign (libsecp256k1)" sign ""
      row "recover" recover ""
      row "voucher: issue and receive, no disk" voucher $"{floor / voucher:F2} of the floor (aim 0.7)"
      row "Engine.step, 1,000 open channels" step1k "aim 20"
      row "Engine.step, 100,000 open channels" step100k $"{step100k / step1k:F1} times that at 1,000"
      row "Engine.step, 100 openings in flight" few ""
      row "Engine.step, 10,000 openings in flight" many $"{many / few:F1} times that of 100 (aim 2)"
      row "virtual open over one hub, all parties" opening $"{signatures:F1} signatures, {recoveries:F1} recoveries (least: 10, 16)"
      row "Keccak-256, 32 bytes" (Measures.keccak 32) ""
      row "state hash, no guarantee" (Measures.stateHash 0) ""
      row "state hash, 50 guarantees" (Measures.stateHash 50) ""
      row "state hash, 500 guarantees" (Measures.stateHash 500) ""
      row "journal bytes of a payment, payer / payee" (float payer) $"payee {payee}"
      row "bytes of memory per open payment channel" (Measures.restart 2_000) "" ]

let private show (rows: Row list) =
    let table = Table()
    table.AddColumn "measure" |> ignore
    table.AddColumn(TableColumn("µs (or as named)").RightAligned()) |> ignore
    table.AddColumn "aim, floor or count" |> ignore
    for row in rows do table.AddRow(Markup.Escape row.Name, $"{row.Micros:F2}", Markup.Escape row.Aim) |> ignore
    AnsiConsole.Write table

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "quick" |] -> show (rows ())
    | _ -> BenchmarkSwitcher([| typeof<PaymentBenchmarks>; typeof<HashBenchmarks> |]).Run arguments |> ignore

    0
