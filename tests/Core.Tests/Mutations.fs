namespace Nitro.Core.Tests

open System
open System.Text
open System.Text.Json
open System.Text.Json.Nodes
open Nitro.Kernel

/// What an attacker does to JSON: changes that keep it JSON, inside base64 too, and changes that do not.
type internal Mutations(samples: Samples) =
    let hostile =
        [| "null"; "true"; "0"; "-1"; "0.5"; "1e400"; "18446744073709551616"; "4294967296"; "\"\""; "\"0x\""; "\"0\""; "\"-5\""
           "[]"; "{}"; "[null]"; "{\"0\":null}"; "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
           "115792089237316195423570985008687907853269984665640564039457584007913129639935"
           "115792089237316195423570985008687907853269984665640564039457584007913129639936"
           "\"0xffffffffffffffffffffffffffffffffffffffff\""; "\"0x0000000000000000000000000000000000000000000000000000000000000000\"" |]

    let options = JsonDocumentOptions(MaxDepth = 512)

    let tryParse (json: string) =
        try
            JsonNode.Parse(json, documentOptions = options) |> Option.ofObj
        with :? JsonException ->
            None

    let text (node: JsonNode | null) =
        match node with
        | null -> "null"
        | node -> node.ToJsonString()

    /// Every place in a document, as its parent and how to put something else there.
    let rec places (node: JsonNode) : (JsonNode * string option * int) list =
        match node with
        | :? JsonObject as o ->
            [ for pair in Seq.toArray o do
                  node, Some pair.Key, -1

                  match pair.Value with
                  | null -> ()
                  | inner -> yield! places inner ]
        | :? JsonArray as a ->
            [ for index in 0 .. a.Count - 1 do
                  node, None, index

                  match a[index] with
                  | null -> ()
                  | inner -> yield! places inner ]
        | _ -> []

    let tryInner (node: JsonNode | null) =
        match node with
        | :? JsonValue as value ->
            match value.TryGetValue<string>() with
            | true, NonNull text when text.Length > 8 ->
                let buffer = Array.zeroCreate<byte> text.Length

                match Convert.TryFromBase64String(text, Span buffer) with
                | true, length when buffer[0] = '{'B -> Some(Encoding.UTF8.GetString(buffer, 0, length))
                | _ -> None
            | _ -> None
        | _ -> None

    let flipped (given: string) =
        if given.Length < 4 then given
        else
            let at = 2 + samples.Below(given.Length - 3)
            let digit = "0123456789abcdef".Substring(samples.Below 16, 1)
            given.Substring(0, at) + digit + given.Substring(at + 1)

    /// Changes one place of a document; `again` changes a document inside the document.
    member private this.Change(root: JsonNode) =
        match places root with
        | [] -> ()
        | all ->
            let pick () = all[samples.Below all.Length]

            let at (parent: JsonNode, key: string option, index) : JsonNode | null =
                match key with
                | Some key -> parent[key]
                | None -> parent[(index: int)]

            let put (parent: JsonNode, key, index) (value: JsonNode | null) =
                match key with
                | Some(key: string) -> parent[key] <- value
                | None -> parent[(index: int)] <- value

            let place = pick ()
            let (parent, key, index) = place
            let parsed (json: string) = JsonNode.Parse(json, documentOptions = options)

            match samples.Below 6, tryInner (at place) with
            | (0 | 1 | 2 | 3), Some inner -> put place (JsonValue.Create(Convert.ToBase64String(Encoding.UTF8.GetBytes(this.Text inner: string))))
            | 0, _
            | 1, _ -> put place (parsed hostile[samples.Below hostile.Length])
            | 2, _ -> put place (parsed (text (at (pick ()))))
            | 3, _ -> put place (parsed (flipped (text (at place)) |> fun t -> if (tryParse t).IsSome then t else "7"))
            | 4, _ ->
                match parent, key with
                | (:? JsonObject as o), Some key -> o.Remove key |> ignore
                | (:? JsonArray as a), _ -> a.RemoveAt index
                | _ -> ()
            | _ ->
                match parent with
                | :? JsonArray as a -> for _ in 0 .. samples.Below 3 do a.Add(parsed (text a[index]))
                | _ -> put place (parsed (text (at (pick ()))))

    /// A document with one to three places changed.
    member this.Text(json: string) : string =
        match tryParse json with
        | None -> json
        | Some root ->
            for _ in 0 .. samples.Below 3 do this.Change root
            root.ToJsonString()

    /// Mostly still JSON; sometimes bytes damaged anywhere, sometimes noise, sometimes as given.
    member this.Of(json: byte[]) : byte[] =
        match samples.Below 8 with
        | 0 -> json
        | 1 -> samples.Mutated json
        | 2 -> samples.Mutated(Encoding.UTF8.GetBytes(this.Text(Encoding.UTF8.GetString json)))
        | 3 when samples.Below 4 = 0 -> samples.Bytes(samples.Below 200)
        | _ -> Encoding.UTF8.GetBytes(this.Text(Encoding.UTF8.GetString json))
