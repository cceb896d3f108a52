namespace Nitro.Core.Tests.Vectors

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.IO
open System.Text.Json
open Xunit
open Xunit.Abstractions
open Xunit.Sdk

/// Where the golden vectors are: NITRO_VECTORS (a folder that holds `nitro/` and `signing/`), else tests/vectors of this repository.
module VectorFiles =
    let private loaded = ConcurrentDictionary<string, JsonElement[]>()

    let rec private repository (folder: DirectoryInfo | null) =
        match folder with
        | null -> None
        | folder when File.Exists(Path.Combine(folder.FullName, "Directory.Build.props")) -> Some folder.FullName
        | folder -> repository folder.Parent

    let root = repository (DirectoryInfo AppContext.BaseDirectory)

    let private folder =
        match Environment.GetEnvironmentVariable "NITRO_VECTORS" with
        | null
        | "" -> root |> Option.map (fun root -> Path.Combine(root, "tests", "vectors"))
        | given -> Some given

    let private read (file: string) =
        let path = if file.Contains '/' then file + ".json" else Path.Combine("nitro", file + ".json")

        match folder |> Option.map (fun folder -> Path.Combine(folder, path)) with
        | Some path when File.Exists path ->
            use document = JsonDocument.Parse(File.ReadAllBytes path)
            document.RootElement.GetProperty("vectors").EnumerateArray() |> Seq.map _.Clone() |> Array.ofSeq
        | _ -> Array.Empty()

    /// Vectors of a file, in order; none where there is no such file. A name without a folder stands in `nitro/`.
    let vectors (file: string) = loaded.GetOrAdd(file, read)

/// The vectors of one file as cases: the place in the file, then the id, which only serves as a label.
[<AttributeUsage(AttributeTargets.Method)>]
type VectorsAttribute(file: string) =
    inherit DataAttribute()

    override _.GetData _ =
        VectorFiles.vectors file
        |> Seq.mapi (fun index vector ->
            [| box index
               match vector.TryGetProperty "id" with
               | true, id -> box (id.ToString())
               | _ -> box "" |])

/// xunit calls a theory without data a failure; here it means that a file of vectors is absent, so there are no cases.
type VectorTheoryDiscoverer(sink: IMessageSink) =
    inherit TheoryDiscoverer(sink)

    override this.Discover(options: ITestFrameworkDiscoveryOptions, testMethod: ITestMethod, attribute: IAttributeInfo) : IEnumerable<IXunitTestCase> =
        let files =
            testMethod.Method.GetCustomAttributes(typeof<VectorsAttribute>.AssemblyQualifiedName)
            |> Seq.collect _.GetConstructorArguments()
            |> Seq.map string
            |> List.ofSeq

        if files |> List.forall (fun file -> (VectorFiles.vectors file).Length = 0) then Seq.empty
        else base.Discover(options, testMethod, attribute)

[<XunitTestCaseDiscoverer("Nitro.Core.Tests.Vectors.VectorTheoryDiscoverer", "Nitro.Core.Tests")>]
[<AttributeUsage(AttributeTargets.Method)>]
type VectorTheoryAttribute() =
    inherit TheoryAttribute()
