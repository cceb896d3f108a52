namespace Nitro.Simulation

open System.Collections.Generic
open Nitro.Kernel

/// What a check found, in words: a bug of ours.
exception internal Broken of finding: string

/// One line of what happened: when (microseconds), to whom (nobody: to the world), and what.
[<Struct>]
type internal Happening =
    { At: int64
      Who: Address voption
      What: string }

/// What everything in one simulated world stands on: the agenda, the chance, the faults and the count of what went wrong.
[<Sealed>]
type internal Ground(seed: uint64, faults: Faults) =
    let agenda = Agenda 1_700_000_000_000_000L
    let random = Prng seed
    let tally = Dictionary<string, int64>()
    let trace = List<Happening>()

    member _.Seed = seed
    member _.Agenda = agenda
    member _.Random = random
    /// `Faults.none` once the world is calm.
    member val Faults = faults with get, set
    /// How often each kind of fault struck, and other counts of interest.
    member _.Tally = tally
    /// Whether the stage stands between nodes and their signers.
    member val IsStaged = false with get, set
    /// Whether `Trace` is kept. The same seed happens the same way again, so it is asked for only after a failure.
    member val IsTracing = false with get, set
    member _.Trace = trace

    member _.Count(what: string) =
        match tally.TryGetValue what with
        | true, count -> tally[what] <- count + 1L
        | _ -> tally[what] <- 1L

    /// `what`: made only when a trace is kept.
    member _.Note(who: Address voption, what: unit -> string) = trace.Add { At = agenda.Now; Who = who; What = what () }

    /// Whether a fault strikes now.
    member this.Strikes(what: string, permille: int) =
        let strikes = random.Chance permille

        if strikes then
            this.Count what
            if this.IsTracing then this.Note(ValueNone, (fun () -> what))

        strikes

    /// So many milliseconds from now, both bounds included.
    member _.After(least: int, most: int, owner: int, action: unit -> unit) =
        agenda.After(int64 (random.Between(least, most)) * 1_000L + int64 (random.Next 1_000), owner, action)

    member _.Fail(finding: string) : 'T = raise (Broken $"world {seed}: {finding}")
