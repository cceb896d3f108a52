namespace Nitro.Core.Tests

open System
open System.IO
open System.Text.RegularExpressions
open Nitro.Core.Tests.Vectors

/// One file of the repository. `Code`: the same lines without comments and without the contents of strings.
type Source =
    { /// From the root, with forward slashes.
      Path: string
      Text: string
      Code: string }

    member this.Lines = this.Text.Split '\n'

/// The repository's own sources, as they stand on disk.
module Sources =
    let root =
        match VectorFiles.root with
        | Some root -> root
        | None -> raise (InvalidOperationException "these tests read the source tree; run them from a checkout of the repository")

    /// Block comments, line comments, and strings in all their forms; line ends stay, so that line numbers do.
    let private prose =
        Regex(
            "(?<keep>'\\\\?[^']')|\\(\\*(?!\\))[\\s\\S]*?\\*\\)|/\\*[\\s\\S]*?\\*/|//[^\\n]*|\\$*\"\"\"[\\s\\S]*?\"\"\"|[$@]*@[$@]*\"(\"\"|[^\"])*\"|\\$?\"(\\\\.|[^\"\\\\\\n])*\"",
            RegexOptions.Compiled
        )

    let codeOf (text: string) =
        prose.Replace(
            text,
            fun found ->
                if found.Groups["keep"].Success then found.Value
                else String('\n', found.Value |> Seq.filter ((=) '\n') |> Seq.length) + " "
        )

    let source path text = { Path = path; Text = text; Code = codeOf text }

    let private made = [ "artifacts"; "node_modules"; "obj"; "bin"; ".git" ]

    let rec private files (folder: DirectoryInfo) (extensions: string list) : FileInfo seq =
        seq {
            for file in folder.EnumerateFiles() do
                if List.contains file.Extension extensions then file

            for inner in folder.EnumerateDirectories() do
                if not (List.contains inner.Name made) then yield! files inner extensions
        }

    let under (folders: string list) (extensions: string list) : Source list =
        [ for folder in folders do
              for file in files (DirectoryInfo(Path.Combine(root, folder))) extensions do
                  source (Path.GetRelativePath(root, file.FullName).Replace('\\', '/')) (File.ReadAllText file.FullName) ]
        |> List.sortBy _.Path

    let core = lazy (under [ "Core" ] [ ".fs" ])
    let shell = lazy (under [ "Shell" ] [ ".cs" ])
    let tests = lazy (under [ "tests"; "property-tests" ] [ ".fs"; ".cs" ])
    let all = lazy (core.Value @ shell.Value @ tests.Value)

    /// The lines of a file's code that a pattern finds, as an editor names them.
    let matching (pattern: string) (source: Source) : string list =
        [ for found in Regex.Matches(source.Code, pattern) do
              let number = source.Code.AsSpan(0, found.Index).Count('\n')
              $"{source.Path}:{number + 1}: {source.Lines[number].Trim()}" ]
