namespace Nitro.Benchmarks

open System
open System.Diagnostics

/// One line of the table: what was measured, the figure with its unit, and what it is compared with.
type Row =
    { Name: string
      Figure: string
      /// Aim, floor or count, in words; empty where there is none.
      Beside: string }

module Row =
    let micros name (value: float) beside =
        { Name = name
          Figure = $"{value:F2} µs"
          Beside = beside }

    let text name figure beside =
        { Name = name
          Figure = figure
          Beside = beside }

/// What some work took: on the clock, and of the processor by this process. On a machine with other work only the second can be compared.
[<Struct>]
type Spent =
    { Clock: TimeSpan
      Processor: TimeSpan }

module Bench =
    let spentOn (work: unit -> unit) : Spent =
        let processor = Environment.CpuUsage.TotalTime
        let watch = Stopwatch.StartNew()
        work ()

        { Clock = watch.Elapsed
          Processor = Environment.CpuUsage.TotalTime - processor }

    /// Microseconds of the processor per operation, over at least so many milliseconds.
    let round (milliseconds: int) (operation: unit -> unit) =
        let mutable count = 0
        let processor = Environment.CpuUsage.TotalTime
        let watch = Stopwatch.StartNew()

        while watch.ElapsedMilliseconds < int64 milliseconds do
            for _ in 1..8 do operation ()
            count <- count + 8

        (Environment.CpuUsage.TotalTime - processor).TotalMicroseconds / float count

    /// Works until the runtime compiles nothing any more: what runs often is compiled again, better, some time later.
    let warm (work: unit -> unit) =
        let rec more quiet left =
            if left > 0 && quiet < 3 then
                let before = Runtime.JitInfo.GetCompiledMethodCount false
                work ()
                let compiled = Runtime.JitInfo.GetCompiledMethodCount false - before
                more (if compiled <= 2L then quiet + 1 else 0) (left - 1)

        more 0 60

    /// Median of several rounds, in microseconds of the processor per operation; each round runs at least `milliseconds`.
    let median (milliseconds: int) (operation: unit -> unit) : float =
        warm (fun () -> round 300 operation |> ignore)
        Array.init 5 (fun _ -> round milliseconds operation) |> Array.sort |> Array.item 2
