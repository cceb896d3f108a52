namespace Nitro.Simulation

open System
open System.Diagnostics
open System.Text.RegularExpressions
open FSharp.Reflection

/// From a run that fails to a smaller one that fails in the same way: fewer kinds of faults, fewer wishes, fewer people.
module internal Shrink =
    let private anyVisibility = Reflection.BindingFlags.Public ||| Reflection.BindingFlags.NonPublic
    let private fields = FSharpType.GetRecordFields(typeof<Faults>, anyVisibility)

    /// The kinds of faults with how often they strike.
    let faultsByName (faults: Faults) : (string * int) list =
        [ for field in fields -> field.Name, (match field.GetValue faults with :? int as permille -> permille | _ -> 0) ]

    /// `Faults.none` but for those that are named.
    let faultsOfNames (known: Map<string, int>) : Faults =
        let values = [| for field in fields -> box (known.TryFind field.Name |> Option.defaultValue 0) |]
        downcast FSharpValue.MakeRecord(typeof<Faults>, values, anyVisibility)

    /// What was found, without the names and numbers that differ from run to run.
    let kindOf (finding: string) =
        let text = Regex.Replace(finding, "0x[0-9a-fA-F]+|[0-9a-fA-F]{16,}|[0-9]+", "#")
        text.Substring(0, min 80 text.Length)

    /// Whether a run with these options fails in the same way; nothing once the time is up.
    [<Sealed>]
    type private Trial(seed: uint64, kind: string, seconds: float) =
        let watch = Stopwatch.StartNew()
        member val Runs = 0 with get, set

        member this.Fails(options: RunOptions) =
            if watch.Elapsed.TotalSeconds > seconds then
                false
            else
                this.Runs <- this.Runs + 1

                match (Run.seed options seed).Finding with
                | ValueSome finding -> kindOf finding = kind
                | ValueNone -> false

    let private withFaults (options: RunOptions) (faults: (string * int) list) =
        { options with Faults = ValueSome(faultsOfNames (Map.ofList faults)) }

    /// One kind of fault after the other is switched off, where the run fails all the same.
    let private fewerFaults (trial: Trial) (options: RunOptions) =
        match options.Faults with
        | ValueNone -> options
        | ValueSome faults ->
            let striking = faultsByName faults |> List.filter (fun (_, permille) -> permille > 0)

            if trial.Fails(withFaults options []) then
                withFaults options []
            else
                striking
                |> List.fold
                    (fun kept (name, _) ->
                        let fewer = kept |> List.filter (fun (other, _) -> other <> name)
                        if trial.Fails(withFaults options fewer) then fewer else kept)
                    striking
                |> withFaults options

    /// The fewest first wishes with which the run still fails.
    let private fewerWishes (trial: Trial) count (options: RunOptions) =
        let rec search least most =
            // `most` fails.
            if least >= most then
                most
            else
                let middle = (least + most) / 2
                if trial.Fails { options with Wishes = ValueSome middle } then search least middle else search (middle + 1) most

        let most = search 0 count
        if trial.Fails { options with Wishes = ValueSome most } then { options with Wishes = ValueSome most } else options

    /// Wishes are passed over, many at a time at first.
    let private passOver (trial: Trial) count (options: RunOptions) =
        let rec pass size (options: RunOptions) =
            if size = 0 then
                options
            else
                let after =
                    [ 1..size..count ]
                    |> List.fold
                        (fun (kept: RunOptions) first ->
                            let more = { kept with Skipped = kept.Skipped + Set.ofList [ first .. min count (first + size - 1) ] }
                            if more.Skipped <> kept.Skipped && trial.Fails more then more else kept)
                        options

                pass (size / 2) after

        pass (max 1 (count / 4)) options

    let private fewerPeople (trial: Trial) people (options: RunOptions) =
        [ 2 .. people - 1 ]
        |> List.tryFind (fun fewer -> trial.Fails { options with People = ValueSome fewer })
        |> Option.map (fun fewer -> { options with People = ValueSome fewer })
        |> Option.defaultValue options

    let private fewerMallories (trial: Trial) (options: RunOptions) =
        [ 0; 1 ]
        |> List.map (fun fewer -> { options with Mallories = ValueSome fewer })
        |> List.tryFind trial.Fails
        |> Option.defaultValue options

    /// The smallest options found within so many seconds, and how many runs it took. `swarm`: the failing run's own.
    let smallest (seconds: float) (swarm: Swarm) (options: RunOptions) (verdict: Verdict) : RunOptions * int =
        match verdict.Finding with
        | ValueNone -> options, 0
        | ValueSome finding ->
            let trial = Trial(verdict.Seed, kindOf finding, seconds)
            let explicit = { options with Faults = ValueSome swarm.Faults; People = ValueSome swarm.People.Length }
            let start = if trial.Fails explicit then explicit else options
            let people = fewerPeople trial swarm.People.Length start
            let shorter = fewerMallories trial people |> fewerFaults trial |> fewerWishes trial swarm.Count
            let count = match shorter.Wishes with ValueSome most -> most | ValueNone -> swarm.Count
            // Fewer wishes may need fewer faults, and the other way round.
            let smallest = shorter |> passOver trial count |> fewerFaults trial
            smallest, trial.Runs
