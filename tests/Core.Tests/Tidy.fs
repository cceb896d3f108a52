/// House rules that a compiler does not check. Each rule is a function from a file to what is wrong in it, and is tried on a
/// bad example too: a rule that cannot fail is none.
module Nitro.Core.Tests.Tidy

open System.IO
open System.Text.RegularExpressions
open System.Xml.Linq
open Xunit
open Nitro.Core.Tests

let private clean (rule: Source -> string list) (sources: Source list) =
    Assert.NotEmpty sources
    let found = sources |> List.collect rule
    Assert.True(found.IsEmpty, String.concat "\n" ("against the house rules:" :: found))

let private catches rule (bad: Source) = Assert.NotEmpty(rule bad: string list)
let private passes rule (good: Source) = Assert.Empty(rule good: string list)
let private core text = Sources.source "Core/Node/Example.fs" text
let private shell text = Sources.source "Shell/Host/Example.cs" text

// What the pure core must not know

let private impure =
    [ "DateTime"; "DateTimeOffset"; "Stopwatch"; "TimeProvider"; "Random"; "RandomNumberGenerator"; @"Guid\.NewGuid"
      "Task"; "task"; "async"; "Thread"; "Monitor"; "lock"; "Environment"; "Console"; "printfn?"; "eprintfn?"; "File"; "Directory"; "Process"
      "failwithf?"; "invalidOp"; "invalidArg"; @"Option\.get"; @"ValueOption\.get"; @"Unchecked\.defaultof" ]
    |> String.concat "|"
    |> fun words -> $@"(?<!\w)({words})\b(?!\s*:)"

let private impurity source = Sources.matching impure source

/// What is raised is our own bug, and only where the engine and the boundary find one.
let private raises (source: Source) =
    match source.Path with
    | "Core/Engine/Settle.fs"
    | "Core/Boundary/Bodies.fs"
    | "Core/Boundary/NitroCore.fs" -> []
    | _ -> Sources.matching @"\braise\b" source

[<Fact>]
let ``The core has no clock, randomness, thread, file or partial function`` () =
    clean impurity Sources.core.Value
    clean raises Sources.core.Value
    catches impurity (core "let now = DateTime.UtcNow")
    catches impurity (core "let now = System.DateTime.UtcNow")
    catches impurity (core "let x = Option.get y")
    catches impurity (core "let x = task { return 1 }")
    catches raises (core "raise (System.Exception())")
    passes impurity (core "/// A Task, a DateTime.\nlet x = \"Random\"")

/// A mutable value or a collection that changes, at the level of a module: shared by all tenants.
let private shared (source: Source) =
    let lines = source.Code.Split '\n'
    let indent (line: string) = line.Length - line.TrimStart(' ').Length

    let owner index =
        lines[..index - 1]
        |> Array.tryFindBack (fun line -> line.Trim() <> "" && indent line < indent lines[index])
        |> Option.defaultValue "module"

    let isShared index =
        let line = lines[index].TrimStart ' '

        Regex.IsMatch(line, @"^static\s+(val|let)\s+mutable\b")
        || (Regex.IsMatch(
                line,
                @"^let\s+(private\s+|internal\s+)?(mutable\b|[\w']+(\s*:[^=]+)?\s*=\s*(new\s+)?(ref\b|\w*Dictionary\b|HashSet\b|List\s*[<(]|Queue\b|ResizeArray\b))"
            )
            && Regex.IsMatch((owner index).TrimStart ' ', @"^module\b"))

    [ for index in 0 .. lines.Length - 1 do
          if isShared index then $"{source.Path}:{index + 1}: {lines[index].Trim()}" ]

[<Fact>]
let ``Nothing in the core is static and changes`` () =
    // A thread's own writing pad is empty whenever somebody takes it: nothing passes through it from call to call.
    clean shared (Sources.core.Value |> List.filter (fun source -> source.Path <> "Core/Kernel/JsonWrite.fs"))
    catches shared (core "module internal X =\n    let mutable count = 0")
    catches shared (core "module internal X =\n    let private known = Dictionary<int, int>()")
    catches shared (core "type X() =\n    static let mutable count = 0")
    passes shared (core "type X() =\n    let mutable count = 0")
    passes shared (core "module internal X =\n    let f () =\n        let mutable count = 0\n        count")

// Layers

let private layers = [ "Kernel"; "Protocol"; "Signer"; "Stage"; "Node"; "Objectives"; "Wire"; "Engine"; "Boundary" ]

let private rank layer = layers |> List.tryFindIndex ((=) layer)

/// The views are written from what the engine makes of a state, so their bytes stand behind it.
let private placedLater = Map.ofList [ "Core/Wire/View.V1.fs", "Engine" ]

let private layerOf (path: string) =
    match placedLater.TryFind path with
    | Some layer -> Some layer
    | None ->
        match List.ofArray (path.Split '/') with
        | "Core" :: layer :: _ :: _ when (rank layer).IsSome -> Some layer
        | _ -> None

let private upward (source: Source) =
    match layerOf source.Path with
    | None -> [ $"{source.Path}: no layer of this name; the house rules list them" ]
    | Some own ->
        [ for found in Regex.Matches(source.Code, @"\bNitro\.(\w+)") do
              let used = found.Groups[1].Value

              match rank used with
              | Some above when Some above > rank own -> $"{source.Path}: {own} must not know of {used}"
              | _ -> () ]

[<Fact>]
let ``Each layer of the core knows only those below it`` () =
    clean upward Sources.core.Value
    catches upward (core "open Nitro.Engine")
    catches upward (Sources.source "Core/Other/Example.fs" "")
    passes upward (core "open Nitro.Protocol")

let private compiled project =
    let document = XDocument.Load(Path.Combine(Sources.root, project))
    let folder = Path.GetDirectoryName project |> string

    [ for item in document.Descendants(XName.Get "Compile") do
          match item.Attribute(XName.Get "Include") with
          | null -> ()
          // Made by the build, from what other projects list.
          | path when path.Value.StartsWith "@(" -> ()
          | path -> Path.Combine(folder, path.Value).Replace('\\', '/') ]

[<Theory>]
[<InlineData "Core/SignerCore.fsproj">]
[<InlineData "Core.fsproj">]
let ``The compiler meets the layers in their order`` project =
    let ranks = compiled project |> List.map (fun path -> path, layerOf path |> Option.bind rank)
    for path, rank in ranks do Assert.True(rank.IsSome, $"{path} stands in no layer")

    for (before, lower), (after, upper) in List.pairwise ranks do
        Assert.True((lower <= upper), $"{after} must come before {before}")

/// Declarations at the left margin or one level in under a namespace.
let private exposed (source: Source) =
    if source.Path.StartsWith("Core/Boundary/", System.StringComparison.Ordinal) || List.contains source.Path [ "Core/Signer/SignerBoundary.fs"; "Core/Signer/CallBoundary.fs"; "Core/Signer/IdentityBoundary.fs" ] then
        []
    else
        Sources.matching @"(?m)^(\[<[^\n]*>\]\s*)?(type|module|exception|and)\s+(\[<[^\n]*>\]\s*)?(?!internal\b|private\b)\w" source

[<Fact>]
let ``Below the boundary everything is internal`` () =
    clean exposed Sources.core.Value
    catches exposed (core "namespace Nitro.Node\n\ntype X = int")
    catches exposed (core "[<Struct>]\ntype X = { A: int }")
    catches exposed (core "module X =\n    let a = 1")
    passes exposed (core "[<Struct>]\ntype internal X = { A: int }")

// Files

[<Fact>]
let ``Every F# file belongs to a project`` () =
    let projects =
        [ "Core.fsproj"
          "Core/SignerCore.fsproj"
          "property-tests/PropertyTests.fsproj"
          "property-tests/Simulation/Simulation.fsproj"
          "property-tests/Mutants/Mutants.fsproj"
          "tests/Core.Tests/Core.Tests.fsproj"
          "tests/benchmarks/Benchmarks.fsproj" ]

    let listed = projects |> List.collect compiled |> Set.ofList
    let onDisk = Sources.all.Value |> List.map _.Path |> List.filter _.EndsWith(".fs") |> Set.ofList
    Assert.True((onDisk - listed).IsEmpty, $"in no project: %A{Set.toList (onDisk - listed)}")
    Assert.True((listed - onDisk).IsEmpty, $"listed but not there: %A{Set.toList (listed - onDisk)}")

let private longest = 320

let private tooLong (source: Source) =
    let lines = source.Text.TrimEnd('\n').Split('\n').Length
    if lines > longest then [ $"{source.Path}: {lines} lines, of which {longest} are allowed; split it by idea" ] else []

[<Fact>]
let ``No file is too long to be read in one go`` () =
    clean tooLong Sources.all.Value
    catches tooLong (core (String.replicate (longest + 1) "x\n"))
    passes tooLong (core (String.replicate longest "x\n"))

/// In comments too: what is not done is an issue or an ADR, not a remark.
let private unfinished (source: Source) =
    // Written apart, so that this file keeps its own rule.
    let words = [ "TO" + "DO"; "FIX" + "ME"; "HA" + "CK"; "XX" + "X" ] |> String.concat "|"

    [ for number, line in Array.indexed source.Lines do
          if Regex.IsMatch(line, $@"\b({words})\b") then $"{source.Path}:{number + 1}: {line.Trim()}" ]

[<Fact>]
let ``Nothing is left for later`` () =
    clean unfinished Sources.all.Value
    catches unfinished (core ("// TO" + "DO: later"))

let private skipped source = Sources.matching @"\[[^\]]*\bSkip\s*=" source

[<Fact>]
let ``No test is skipped`` () =
    clean skipped Sources.tests.Value
    catches skipped (core "[<Fact(Skip = \"later\")>]")
    passes skipped (core "let rows = page.Skip 3")

// The shell

/// A catch of everything with nothing in it, comments aside.
let private swallowed source = Sources.matching @"\bcatch\s*(\(\s*(System\.)?Exception(\s+\w+)?\s*\)\s*)?\{\s*\}" source

[<Fact>]
let ``No failure is swallowed`` () =
    clean swallowed (Sources.shell.Value @ Sources.tests.Value)
    catches swallowed (shell "try { } catch { }")
    catches swallowed (shell "try { } catch (Exception e)\n{\n    // never mind\n}")
    passes swallowed (shell "try { } catch (Exception e) { Log(e); }")
    passes swallowed (shell "try { } catch (IOException) { }")

/// `.Result` of these is a field of ours, not a task's.
let private ownResults = [ "answer"; "reply"; "record"; "response" ] |> String.concat "|"

let private blocking source =
    Sources.matching $@"(?<!\b({ownResults}))\.Result\b(?!\s*[(<])" source
    @ Sources.matching @"\.Wait\(\s*\)|\.GetAwaiter\(\)\s*\.GetResult\(\)|\basync\s+void\b|\bThread\.Sleep\b" source

[<Fact>]
let ``Nobody blocks a thread on a task or sleeps`` () =
    // A console program that measures has one thread, and nothing else for it to do.
    let measuring (source: Source) = source.Path.StartsWith "tests/benchmarks/"
    clean blocking (Sources.shell.Value @ (Sources.tests.Value |> List.filter (measuring >> not)))
    catches blocking (shell "var x = task.Result;")
    catches blocking (shell "Load().Wait();")
    catches blocking (shell "Load().GetAwaiter().GetResult();")
    catches blocking (shell "private async void Go()")
    catches blocking (shell "Thread.Sleep(5);")
    passes blocking (shell "var x = reply.Result; var y = Frames.Result(1);")

// Verified

let private vouches (source: Source) =
    if source.Path = "Core/Engine/Inbound.fs" then [] else Sources.matching @"\bVerified\.vouch\b|\bopen\s+(type\s+)?(Nitro\.Kernel\.)?Verified\b" source

[<Fact>]
let ``Only Inbound says that a message is verified`` () =
    clean vouches (Sources.core.Value @ Sources.tests.Value)
    catches vouches (core "let x = Verified.vouch y")
    Assert.NotEmpty(Sources.core.Value |> List.filter (fun source -> source.Path = "Core/Engine/Inbound.fs"))

[<Fact>]
let ``Comments and strings are not code`` () =
    let code = Sources.codeOf "let a = \"x // y\" // z\n(* DateTime\n*) let b = \"\"\"Random\n\"\"\" + 'c' + $\"{Task}\"\n"
    Assert.Equal(4, code |> Seq.filter ((=) '\n') |> Seq.length)
    for word in [ "x"; "z"; "DateTime"; "Random"; "Task" ] do Assert.DoesNotContain(word, code)
    Assert.Contains("let b =", code)
    Assert.Contains("'c'", code)
