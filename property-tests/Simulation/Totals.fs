namespace Nitro.Simulation

open System
open System.Collections.Generic

/// Running totals of many runs; safe to add to from several threads.
[<Sealed>]
type Totals() =
    let gate = obj ()
    let tally = SortedDictionary<string, int64>()
    let distinct = HashSet<int64>()
    let lengths = List<int64>()
    let mutable runs = 0L
    let mutable steps = 0L
    let mutable coreSteps = 0L
    let mutable facts = 0L
    let mutable simulated = 0L

    // A median needs them all; a sample of so many is near enough.
    let lengthsKept = 20_000
    /// More are not told apart: memory stays bounded.
    let distinctKept = 4_000_000

    member _.Runs = runs
    /// Things that happened: items of the agenda.
    member _.Steps = steps
    /// Events that nodes decided.
    member _.CoreSteps = coreSteps
    member _.Facts = facts
    member _.Simulated = TimeSpan.FromMicroseconds(float simulated)
    /// Different shapes of channels met.
    member _.Distinct = distinct.Count

    /// Counts by name: faults that struck, and what else was counted.
    member _.Tally: IReadOnlyList<struct (string * int64)> = lock gate (fun () -> [| for pair in tally -> struct (pair.Key, pair.Value) |])

    member _.MedianSteps =
        lock gate (fun () ->
            if lengths.Count = 0 then 0L
            else
                let sorted = lengths.ToArray()
                Array.sortInPlace sorted
                sorted[sorted.Length / 2])

    member internal _.Add(verdict: Verdict) =
        lock gate (fun () ->
            runs <- runs + 1L
            steps <- steps + verdict.Steps
            coreSteps <- coreSteps + verdict.CoreSteps
            facts <- facts + verdict.Facts
            simulated <- simulated + verdict.Simulated
            if lengths.Count < lengthsKept then lengths.Add verdict.Steps else lengths[int (runs % int64 lengthsKept)] <- verdict.Steps
            if distinct.Count < distinctKept then distinct.UnionWith verdict.Distinct

            for pair in verdict.Tally do
                if pair.Key <> "steps" then
                    tally[pair.Key] <- (match tally.TryGetValue pair.Key with | true, count -> count | _ -> 0L) + pair.Value)
