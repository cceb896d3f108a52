namespace Nitro.Simulation

open System
open System.Text.RegularExpressions

/// A failure as a story of at most fifty lines: who said what, what went wrong in the world, what each node believed, which check broke.
module internal Tale =
    let private linesMost = 50
    let private widthMost = 190
    let private beliefsMost = 12

    let private cut (line: string) = if line.Length <= widthMost then line else line.Substring(0, widthMost - 1) + "…"
    let private factName = Regex(@"^\s+([A-Z][A-Za-z]+) ", RegexOptions.Compiled)

    /// What a step left behind, by the names of its facts.
    let private facts (lines: string list) =
        lines
        |> List.choose (fun line -> match factName.Match line with found when found.Success -> Some found.Groups[1].Value | _ -> None)
        |> List.countBy id
        |> List.map (fun (name, count) -> if count = 1 then name else $"{count} x {name}")
        |> String.concat ", "

    /// Seconds since `start` (microseconds), who, what, and the names of the facts that it left.
    let line (start: int64) (happening: Happening) =
        let lines = happening.What.Split('\n') |> List.ofArray
        let left = facts lines.Tail
        let who = match happening.Who with ValueSome address -> Beliefs.name address | ValueNone -> "(world)"
        let text = Beliefs.readable lines.Head
        let seconds = float (happening.At - start) / 1e6
        cut (sprintf "%9.3f s  %-8s %s%s" seconds who text (if left = "" then "" else " => " + left))

    /// A step that changed nothing is not part of the story.
    let matters (happening: Happening) =
        happening.Who.IsNone
        || happening.What.Contains '\n'
        || happening.What.Contains "OFFENCE"
        || happening.What.StartsWith "DIES"
        || happening.What.StartsWith "starts"
        || happening.What.StartsWith "is wished"

    let private hashes (text: string) =
        [ for found in Regex.Matches(text, "[0-9a-fA-F]{64}") -> found.Value.Substring(0, 6) + "…" ] |> List.distinct

    /// Of many only the first and the last, and how many were left out.
    let private shortened most (lines: string list) =
        if lines.Length <= most then
            lines
        else
            let first = most / 5
            let last = most - first - 1
            List.truncate first lines @ [ $"              ... {lines.Length - first - last} lines left out ..." ] @ List.skip (lines.Length - last) lines

    /// Everything that happened, for who wants to read on.
    let whole (trace: System.Collections.Generic.IReadOnlyList<Happening>) : string list =
        let start = if trace.Count = 0 then 0L else trace[0].At
        let who (happening: Happening) = match happening.Who with ValueSome address -> Beliefs.name address | ValueNone -> "(world)"
        [ for happening in trace -> Beliefs.readable $"{float (happening.At - start) / 1e6:F3} s {who happening} {happening.What}" ]

    let tell (verdict: Verdict) : string list =
        let finding = verdict.Finding |> ValueOption.defaultValue "nothing broke"
        let about = hashes finding
        let start = if verdict.Trace.Count = 0 then 0L else verdict.Trace[0].At
        let all = [ for happening in verdict.Trace do if matters happening then happening, line start happening ]

        let isAbout (happening: Happening, text: string) =
            happening.Who.IsNone || happening.What.StartsWith "DIES" || happening.What.StartsWith "starts" || about |> List.exists text.Contains

        let told = if about.IsEmpty then all else List.filter isAbout all
        let believed = verdict.Beliefs |> List.filter (fun text -> about.IsEmpty || about |> List.exists text.Contains) |> List.map cut |> List.truncate beliefsMost
        let broke = finding.Split('\n') |> List.ofArray |> List.map (Beliefs.readable >> cut) |> List.truncate 6
        let room = linesMost - believed.Length - broke.Length - 2

        [ yield! shortened room (List.map snd told)
          yield ""
          yield! believed
          yield "The check that broke:"
          yield! broke ]
