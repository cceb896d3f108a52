/// Does the checker bite? Each planted bug, awake alone, must break a check within so many seeds; asleep, nothing breaks.
module Nitro.Mutants.MutantTests

open System
open System.IO
open System.Reflection
open System.Text.RegularExpressions
open System.Xml.Linq
open Xunit
open Xunit.Abstractions
open Nitro
open Nitro.Simulation

/// More than any needs by far: the count is told, so that one that gets harder to catch is seen.
let private seedsMost = 60UL

/// One planted bug, and what its runs concentrate on: nothing where it hurts in any.
type private Planted =
    { Name: string
      /// Of `Mallory.names`.
      Tricks: string list
      /// Of `Faults.presets`.
      Faults: Faults voption }

let private resource name =
    match Assembly.GetExecutingAssembly().GetManifestResourceStream(name: string) with
    | null -> failwith $"{name} is not in the assembly"
    | stream -> stream

let private read (element: XElement) =
    let attribute name =
        match element.Attribute(XName.Get name) with
        | null -> ""
        | found -> found.Value

    { Name = attribute "name"
      Tricks = List.ofArray ((attribute "tricks").Split(',', StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries))
      Faults =
        match attribute "faults" with
        | "" -> ValueNone
        | wanted -> ValueSome(Faults.presets |> List.find (fun (name, _) -> name = wanted) |> snd) }

let private list () =
    use stream = resource "mutants.xml"
    [ for element in XDocument.Load(stream).Descendants(XName.Get "mutant") -> read element ]

/// Every other run with somebody byzantine, since some bugs hurt only where a peer is; all of them where its tricks are named.
let private runs (planted: Planted) =
    Seq.initInfinite (fun i -> uint64 i + 1UL)
    |> Seq.truncate (int seedsMost)
    |> Seq.map (fun seed ->
        let mallories =
            if not planted.Tricks.IsEmpty then 1 + int (seed % 2UL)
            elif seed % 2UL = 0UL then 0
            elif seed % 3UL = 0UL then 2
            else 1

        let options = { Run.standard with Mallories = ValueSome mallories; Tricks = planted.Tricks; Faults = planted.Faults }
        seed, (Run.seed options seed).Finding)

/// Without the world's number and the length of names.
let private short (finding: string) =
    let first = Regex.Replace(finding.Split('\n')[0], "^world [0-9]+: ", "")
    Regex.Replace(first, "0x0*([0-9a-f]{4})[0-9a-f]*", "$1")

type Mutants(output: ITestOutputHelper) =
    static member Names: TheoryData<string> =
        let data = TheoryData<string>()
        for planted in list () do data.Add planted.Name
        data

    [<Theory; MemberData(nameof Mutants.Names)>]
    member _.``A planted bug is caught``(name: string) =
        Mutant.awake <- name

        try
            let planted = list () |> List.find (fun planted -> planted.Name = name)

            match runs planted |> Seq.tryFind (fun (_, finding) -> finding.IsSome) with
            | Some(seed, finding) ->
                let first = short (ValueOption.get finding)
                output.WriteLine $"{name}: caught by seed {seed}: {first}"
                File.AppendAllText(Path.Combine(AppContext.BaseDirectory, "caught.txt"), $"{name}\t{seed}\t{first}\n")
            | None -> Assert.Fail $"{name} lived through {seedsMost} seeds"
        finally
            Mutant.awake <- ""

    [<Fact>]
    member _.``Asleep they change nothing``() =
        Mutant.awake <- ""

        for seed, finding in runs { Name = ""; Tricks = []; Faults = ValueNone } do
            Assert.True(finding.IsNone, $"seed {seed}: {finding}")

    [<Fact>]
    member _.``There are enough of them, each with a name of its own and tricks that exist``() =
        let planted = list ()
        Assert.True(planted.Length >= 50)
        Assert.Equal(planted.Length, (planted |> List.distinctBy _.Name).Length)
        Assert.Empty(planted |> List.collect _.Tricks |> List.except Mallory.names)

    [<Fact>]
    member _.``The account of them names each``() =
        use reader = new StreamReader(resource "reliability.md")
        let told = reader.ReadToEnd()
        Assert.Empty(list () |> List.filter (fun planted -> not (told.Contains $"| `{planted.Name}` |")))
