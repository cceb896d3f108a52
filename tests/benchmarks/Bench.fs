namespace Nitro.Benchmarks

open System
open System.Diagnostics

/// A measured rate: what one operation took, and what it is compared with.
type Row =
    { Name: string
      Micros: float
      /// Aim or floor, in words; empty where there is none.
      Aim: string }

module Bench =
    /// Median of several rounds, in microseconds per operation; each round runs at least `milliseconds`.
    let median (milliseconds: int) (operation: unit -> unit) : float =
        for _ in 1..50 do operation ()

        let round () =
            let watch = Stopwatch.StartNew()
            let mutable count = 0

            while watch.ElapsedMilliseconds < int64 milliseconds do
                operation ()
                count <- count + 1

            watch.Elapsed.TotalMicroseconds / float count

        Array.init 5 (fun _ -> round ()) |> Array.sort |> Array.item 2

    /// Microseconds per item of something that can run only once, for `count` items.
    let once (count: int) (work: unit -> unit) : float =
        GC.Collect()
        let watch = Stopwatch.StartNew()
        work ()
        watch.Elapsed.TotalMicroseconds / float count
