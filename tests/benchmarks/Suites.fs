namespace Nitro.Benchmarks

open BenchmarkDotNet.Attributes
open Nitro.Kernel
open Nitro.Node

/// The same questions for BenchmarkDotNet, where exact figures are wanted.
[<MemoryDiagnoser>]
type PaymentBenchmarks() =
    let mutable pay = ignore: unit -> unit

    [<Params(false, true)>]
    member val Cryptography = false with get, set

    [<GlobalSetup>]
    member this.Setup() =
        let net = BenchNet(if this.Cryptography then Crypto.real () else Crypto.none ())
        let payer, payee = net.Add 1, net.Add 2
        net.Ledger(payer, payee, 1_000_000_000_000UL, 1UL) |> ignore
        let channel = net.OpenPayment(payer, [], payee, 500_000_000_000UL, 2UL)
        net.Drain()

        pay <-
            fun () ->
                net.Ask(payer, Pay(channel, Amount.one, Sent)) |> ignore
                net.Drain()

    [<Benchmark>]
    member _.IssueAndReceive() = pay ()

[<MemoryDiagnoser>]
type HashBenchmarks() =
    let bytes = Array.zeroCreate<byte> 1_024

    [<Benchmark>]
    member _.Keccak1KiB() = (Keccak.hash bytes).ToString().Length
