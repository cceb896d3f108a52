namespace Nitro.Benchmarks

open System
open System.Diagnostics
open System.Numerics
open System.Threading
open System.Threading.Tasks
open Nitro.Cli.Demo

/// What calling a node came to.
type internal Calling =
    { Calls: int
      Clock: TimeSpan
      /// Of the processor, by each of the processes: the nodes, and behind them the signers.
      Processes: TimeSpan list
      /// Of the processor, by us, the callers.
      Callers: TimeSpan
      Records: int64
      Fsyncs: int64 }

    member this.Nodes = List.reduce (+) this.Processes

module internal Calling =
    let sum a b =
        { Calls = a.Calls + b.Calls
          Clock = a.Clock + b.Clock
          Processes = List.map2 (+) a.Processes b.Processes
          Callers = a.Callers + b.Callers
          Records = a.Records + b.Records
          Fsyncs = a.Fsyncs + b.Fsyncs }

/// Three nodes, each a process, funded on a real chain, driven through JSON-RPC alone: as in the demo.
module internal Api =
    let private none = CancellationToken.None
    let private ether = BigInteger.Pow(BigInteger 10, 18)

    let private silent =
        { new IStepView with
            member _.Waiting _ = ()
            member _.Progress(_, _) = ()
            member _.End(_, _, _) = () }

    let private openChannel (stage: Stage) =
        task {
            let! started =
                stage.Alice.CallAsync(
                    "create_payment_channel",
                    (fun json ->
                        Nitro.Cli.Rpc.PaymentMethods.WriteIntermediaries(json, [ stage.Irene.AddressText ])

                        Nitro.Cli.Rpc.Payload.WriteOpening(
                            json, stage.Alice.AddressText, stage.Bob.AddressText, Nitro.Cli.Rpc.Payload.Native, ether / BigInteger 100, BigInteger.Zero, 0u)),
                    null,
                    none)

            do! Objectives.CompletedAsync(string (started.GetProperty("Id").GetString()), stage.Parties, ignore, none)
            return string (started.GetProperty("ChannelId").GetString())
        }

    let private spent (nodes: Process[]) =
        [ for node in nodes do
              node.Refresh()
              node.TotalProcessorTime ]

    /// `callers` call one after the other, for `seconds`.
    let private calling (stage: Stage) (nodes: Process[]) callers (seconds: float) (call: int -> Task) =
        task {
            let! before = Tally.ReadAsync(stage.Parties, none)
            let nodesBefore, oursBefore = spent nodes, Environment.CpuUsage.TotalTime
            let watch = Stopwatch.StartNew()
            let calls = ref 0

            let caller n =
                task {
                    while watch.Elapsed.TotalSeconds < seconds do
                        do! call n
                        Interlocked.Increment calls |> ignore
                }
                :> Task

            do! Task.WhenAll [| for n in 0 .. callers - 1 -> Task.Run(fun () -> caller n) |]
            let clock = watch.Elapsed
            let nodesAfter, oursAfter = spent nodes, Environment.CpuUsage.TotalTime
            let! after = Tally.ReadAsync(stage.Parties, none)
            let done' = after.Since before

            return
                { Calls = calls.Value
                  Clock = clock
                  Processes = List.map2 (-) nodesAfter nodesBefore
                  Callers = oursAfter - oursBefore
                  Records = done'.Records
                  Fsyncs = done'.Fsyncs }
        }

    let private ready (stage: Stage) =
        task {
            do! stage.BuildAsync(silent, none)
            let grants = stage.Parties |> Seq.map (fun party -> Grant(party.ChainAccount, ether * BigInteger 10, BigInteger.Zero))
            do! stage.Chain.FundAsync(stage.Contracts.Token.Address, grants, none)
            do! stage.StartAsync none
            let nodes = [| for node in stage.Processes -> Process.GetProcessById node.Id |]

            let! _ =
                Task.WhenAll
                    [| for left, right in [ stage.Alice, stage.Irene; stage.Irene, stage.Bob ] ->
                           Ledger(left, right, Nitro.Cli.Rpc.Payload.Native, ether, ether).OpenAsync(ignore, none) |]

            let! channels = Task.WhenAll [| for _ in 1..16 -> openChannel stage |]
            return nodes, channels
        }

    let private pay (stage: Stage) channel =
        stage.Alice.CallAsync("pay", (fun json -> PaymentPlan.Write(json, channel, BigInteger.One)), null, none) :> Task

    let private run (stage: Stage) seconds =
        task {
            let! nodes, channels = ready stage
            let pay = pay stage
            let asking _ = stage.Alice.CallAsync("get_address", null, null, none) :> Task
            // The runtime compiles what runs often a second time: that is over by then.
            let! _ = calling stage nodes 16 (1.5 * seconds) (fun n -> pay channels[n])
            let! _ = calling stage nodes 16 (seconds / 4.0) asking
            let! asked = calling stage nodes 16 (seconds / 2.0) asking
            let! many = calling stage nodes 16 seconds (fun n -> pay channels[n])
            let! one = calling stage nodes 16 seconds (fun _ -> pay channels[0])
            return asked, many, one
        }

    let private within remote journal (work: Stage -> 'T) =
        let folder = DemoFolder.Create()
        let stage = new Stage(folder, remote, journal)

        try work stage
        finally
            stage.DisposeAsync().AsTask().GetAwaiter().GetResult()
            folder.Delete()

    /// Payments over sixteen channels of two networks, by turns: the first turns, when the runtime still compiles, and the sums of the last ones.
    let private byTurns turns (seconds: float) (a: Stage) (b: Stage) =
        let paying (stage: Stage) =
            let nodes, channels = (ready stage).GetAwaiter().GetResult()
            fun seconds -> (calling stage nodes 16 seconds (fun n -> pay stage channels[n])).GetAwaiter().GetResult()

        let payA, payB = paying a, paying b
        let young = payA seconds, payB seconds
        payA (2.0 * seconds) |> ignore
        payB (2.0 * seconds) |> ignore
        let runs = [ for _ in 1..turns -> payA seconds, payB seconds ]
        young, (runs |> List.map fst |> List.reduce Calling.sum, runs |> List.map snd |> List.reduce Calling.sum)

    /// The same nodes with their keys in the process and elsewhere.
    let keys turns seconds = within false null (fun own -> within true null (byTurns turns seconds own))

    /// The same nodes with their journals on SQLite, and on an EventStoreDB in a process of its own.
    let stores turns seconds =
        Stores.withServer (fun connection -> within false null (fun sqlite -> within false connection (byTurns turns seconds sqlite)))

    /// Sixteen calls in flight for so many seconds: a question that costs nothing, payments over sixteen channels, payments over one.
    let payments seconds = within false null (fun stage -> (run stage seconds).GetAwaiter().GetResult())
