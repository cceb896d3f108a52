/// Does the checker bite? Each planted bug, awake alone, must break a check within so many seeds; asleep, nothing breaks.
module Nitro.Mutants.MutantTests

open System
open System.IO
open System.Reflection
open System.Xml.Linq
open Xunit
open Xunit.Abstractions
open Nitro
open Nitro.Simulation

/// More than any needs by far: the count is told, so that one that gets harder to catch is seen.
let private seedsMost = 60UL

let private list () =
    use stream = Assembly.GetExecutingAssembly().GetManifestResourceStream "mutants.xml"

    match stream with
    | null -> failwith "mutants.xml is not in the assembly"
    | stream -> [ for attribute in XDocument.Load(stream).Descendants(XName.Get "mutant") |> Seq.collect _.Attributes(XName.Get "name") -> attribute.Value ]

/// Every other run with somebody byzantine: some bugs hurt only where a peer is.
let private runs () =
    Seq.initInfinite (fun i -> uint64 i + 1UL)
    |> Seq.truncate (int seedsMost)
    |> Seq.map (fun seed ->
        let mallories = if seed % 2UL = 0UL then 0 elif seed % 3UL = 0UL then 2 else 1
        seed, (Run.seed { Run.standard with Mallories = ValueSome mallories } seed).Finding)

type Mutants(output: ITestOutputHelper) =
    static member Names: TheoryData<string> =
        let data = TheoryData<string>()
        for name in list () do data.Add name
        data

    [<Theory; MemberData(nameof Mutants.Names)>]
    member _.``A planted bug is caught``(name: string) =
        Mutant.awake <- name

        try
            match runs () |> Seq.tryFind (fun (_, finding) -> finding.IsSome) with
            | Some(seed, finding) ->
                let text = ValueOption.get finding
                let first = text.Split('\n')[0]
                output.WriteLine $"{name}: caught by seed {seed}: {first}"
                File.AppendAllText(Path.Combine(AppContext.BaseDirectory, "caught.txt"), $"{name}\t{seed}\t{first}\n")
            | None -> Assert.Fail $"{name} lived through {seedsMost} seeds"
        finally
            Mutant.awake <- ""

    [<Fact>]
    member _.``Asleep they change nothing``() =
        Mutant.awake <- ""

        for seed, finding in runs () |> Seq.truncate 60 do
            Assert.True(finding.IsNone, $"seed {seed}: {finding}")

    [<Fact>]
    member _.``There are enough of them, each with a name of its own``() =
        let names = list ()
        Assert.True(names.Length >= 15)
        Assert.Equal(names.Length, (List.distinct names).Length)
