namespace Nitro.Simulation

open System
open System.IO
open System.Text.Json

/// A run in a file: seed and options, to be played again by anyone who has the same sources.
module internal Replay =
    let write (path: string) (commit: string) (seed: uint64) (options: RunOptions) =
        use file = File.Create path
        use writer = new Utf8JsonWriter(file, JsonWriterOptions(Indented = true))
        writer.WriteStartObject()
        writer.WriteString("seed", string seed)
        writer.WriteString("commit", commit)
        options.People |> ValueOption.iter (fun people -> writer.WriteNumber("people", people))
        options.Mallories |> ValueOption.iter (fun mallories -> writer.WriteNumber("mallories", mallories))
        writer.WriteBoolean("staged", options.IsStaged)
        options.Wishes |> ValueOption.iter (fun wishes -> writer.WriteNumber("wishes", wishes))
        writer.WriteStartArray "skipped"
        for wish in options.Skipped do writer.WriteNumberValue wish
        writer.WriteEndArray()

        match options.Faults with
        | ValueSome faults ->
            writer.WriteStartObject "faults"
            for name, permille in Shrink.faultsByName faults do
                if permille > 0 then writer.WriteNumber(name, permille)
            writer.WriteEndObject()
        | ValueNone -> ()

        writer.WriteEndObject()

    let private number (element: JsonElement) (name: string) =
        match element.TryGetProperty name with
        | true, value when value.ValueKind = JsonValueKind.Number -> ValueSome(value.GetInt32())
        | _ -> ValueNone

    /// Seed, commit and options; an error says what is wrong with the file.
    let read (path: string) : Result<struct (uint64 * string * RunOptions), string> =
        try
            use document = JsonDocument.Parse(File.ReadAllBytes path)
            let root = document.RootElement

            let faults =
                match root.TryGetProperty "faults" with
                | true, given -> ValueSome(Shrink.faultsOfNames (Map.ofSeq [ for field in given.EnumerateObject() -> field.Name, field.Value.GetInt32() ]))
                | _ -> ValueNone

            let skipped =
                match root.TryGetProperty "skipped" with
                | true, given -> Set.ofSeq [ for wish in given.EnumerateArray() -> wish.GetInt32() ]
                | _ -> Set.empty

            match root.TryGetProperty "seed" with
            | true, seed ->
                Ok(
                    struct (UInt64.Parse(string (seed.GetString())),
                            (match root.TryGetProperty "commit" with
                             | true, commit -> string (commit.GetString())
                             | _ -> ""),
                            { Run.standard with
                                People = number root "people"
                                Mallories = number root "mallories"
                                Wishes = number root "wishes"
                                IsStaged = (match root.TryGetProperty "staged" with true, given -> given.ValueKind = JsonValueKind.True | _ -> false)
                                Skipped = skipped
                                Faults = faults })
                )
            | _ -> Error $"{path} names no seed; 'nitro sim' writes such a file when a run fails"
        with
        | :? IOException
        | :? UnauthorizedAccessException as e -> Error $"{path} cannot be read: {e.Message}"
        | :? JsonException
        | :? InvalidOperationException
        | :? FormatException
        | :? OverflowException as e -> Error $"{path} is not a replay file: {e.Message}"
