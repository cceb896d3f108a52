namespace Nitro.Simulation

open System
open System.Runtime.InteropServices
open System.Threading
open System.Threading.Tasks

/// What the simulator is asked to do. `Runs` 0 and `Seconds` 0: without an end.
[<Sealed>]
type SimulationRequest() =
    member val FirstSeed = 1UL with get, set
    member val Runs = 0L with get, set
    member val Seconds = 0.0 with get, set
    /// 2 to 7; 0: drawn from each seed.
    member val People = 0 with get, set
    /// How many of them are byzantine; -1: drawn from each seed.
    member val Mallories = -1 with get, set
    /// One of `Simulator.Presets`; empty: drawn from each seed.
    member val Faults = "" with get, set
    member val Threads = 1 with get, set
    /// Seconds that may be spent on making a failing run smaller.
    member val ShrinkSeconds = 30.0 with get, set

/// A run that broke a check, made as small as time allowed.
[<Sealed>]
type Failure internal (verdict: Verdict, shrunken: Verdict, options: RunOptions, trials: int) =
    member _.Seed = verdict.Seed
    /// What the first, unshrunken run found.
    member _.Finding = verdict.Finding |> ValueOption.defaultValue ""
    member _.StepsBefore = verdict.Steps
    member _.Steps = shrunken.Steps
    member _.Trials = trials
    /// At most fifty lines.
    member _.Tale: string[] = Array.ofList (Tale.tell shrunken)
    /// The whole trace, without a limit.
    member _.Trace: string[] = Array.ofList (Tale.whole shrunken.Trace)
    member _.Save(path: string, commit: string) = Replay.write path commit verdict.Seed options

/// The simulated world for those outside: many runs, or one again.
[<Sealed; AbstractClass>]
type Simulator private () =
    static let optionsOf (request: SimulationRequest) =
        { Run.standard with
            IsStaged = true
            People = if request.People = 0 then ValueNone else ValueSome request.People
            Mallories = if request.Mallories < 0 then ValueNone else ValueSome request.Mallories
            Faults = Faults.presets |> List.tryFind (fun (name, _) -> name = request.Faults) |> Option.map snd |> ValueOption.ofOption }

    static let shrink seconds options (verdict: Verdict) : Failure | null =
        let smallest, trials = Shrink.smallest seconds verdict.Swarm options verdict
        Failure(verdict, Run.seed { smallest with IsTraced = true } verdict.Seed, smallest, trials)

    static member Presets: string[] = [| for name, _ in Faults.presets -> name |]

    /// Runs seed after seed on so many threads until one fails or the end is reached; `null` if none failed. `shrinking` is called
    /// when a failure is about to be made smaller.
    static member RunAsync(request: SimulationRequest, totals: Totals, shrinking: Action<uint64, string>, cancellation: CancellationToken) : Task<Failure | null> =
        task {
            let options = optionsOf request
            let watch = Diagnostics.Stopwatch.StartNew()
            let next = [| int64 request.FirstSeed - 1L |]
            let gate = obj ()
            let failed: Verdict voption ref = ref ValueNone

            let work () =
                let isOver () =
                    cancellation.IsCancellationRequested
                    || failed.Value.IsSome
                    || (request.Seconds > 0.0 && watch.Elapsed.TotalSeconds >= request.Seconds)

                let mutable going = true

                while going && not (isOver ()) do
                    let number = Interlocked.Increment &next[0]

                    if request.Runs > 0L && uint64 number - request.FirstSeed >= uint64 request.Runs then
                        going <- false
                    else
                        let verdict = Run.seed options (uint64 number)
                        totals.Add verdict

                        if verdict.Finding.IsSome then
                            lock gate (fun () ->
                                match failed.Value with
                                | ValueSome earlier when earlier.Seed < verdict.Seed -> ()
                                | _ -> failed.Value <- ValueSome verdict)

            do! Task.WhenAll [| for _ in 1 .. max 1 request.Threads -> Task.Run(work, CancellationToken.None) |]

            match failed.Value with
            | ValueSome verdict ->
                shrinking.Invoke(verdict.Seed, verdict.Finding |> ValueOption.defaultValue "")
                return shrink request.ShrinkSeconds options verdict
            | ValueNone -> return null
        }

    /// Plays a saved run again. `commit`: the sources it was saved with. An error says what is wrong with the file.
    static member TryReplay(path: string, totals: Totals, [<Out>] failure: byref<Failure | null>, [<Out>] commit: byref<string>, [<Out>] error: byref<string>) : bool =
        match Replay.read path with
        | Error reason ->
            error <- reason
            false
        | Ok(struct (seed, saved, options)) ->
            let verdict = Run.seed { options with IsTraced = true } seed
            totals.Add verdict
            commit <- saved
            if verdict.Finding.IsSome then failure <- Failure(verdict, verdict, options, 0) else failure <- null
            true
