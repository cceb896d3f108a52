namespace Nitro.Kernel

open System
open System.Runtime.InteropServices
open System.Text.Json
open System.Text.Unicode

/// What was read, or what was expected where: `Outcome[0].Asset: expected an address`.
type internal Read<'T> = Result<'T, string>

/// `read { let! x = Json.uint64 "X" parent ... return ... }`: stops at the first error.
/// Its members are not `inline`: optimised builds cannot inline what is internal to another assembly, and fail (FS1118).
[<Sealed>]
type internal ReadBuilder() =
    member _.Bind(value: Read<'A>, next: 'A -> Read<'B>) : Read<'B> =
        match value with
        | Ok found -> next found
        | Error text -> Error text

    member _.Return(value: 'A) : Read<'A> = Ok value
    member _.ReturnFrom(value: Read<'A>) : Read<'A> = value
    member _.Zero() : Read<unit> = Ok()

[<AutoOpen>]
module internal ReadBuilding =
    let read = ReadBuilder()

/// Reads JSON the way go-nitro does: names match in any case, the last of several duplicates counts, unknown names are passed over,
/// and what is absent or `null` is zero. Every reader takes the name of a field and the object around it.
module internal Json =
    [<Literal>]
    let MaxDepth = 32

    /// Every escape in a string is one that can be turned into text: no half of a surrogate pair on its own.
    let private escapesAreSound (json: ReadOnlySpan<byte>) =
        let mutable reader = Utf8JsonReader(json, JsonReaderOptions(MaxDepth = MaxDepth))
        let mutable sound = true

        while sound && reader.Read() do
            if reader.ValueIsEscaped then
                try
                    reader.GetString() |> ignore
                with :? InvalidOperationException ->
                    sound <- false

        sound

    /// A document whose strings can all be read, at most 32 levels deep. The caller disposes it.
    let tryParse (json: ReadOnlyMemory<byte>) : JsonDocument voption =
        if not (Utf8.IsValid json.Span) then ValueNone
        else
            try
                if json.Span.Contains '\\'B && not (escapesAreSound json.Span) then ValueNone
                else ValueSome(JsonDocument.Parse(json, JsonDocumentOptions(MaxDepth = MaxDepth)))
            with :? JsonException ->
                ValueNone

    /// Parses, reads, and lets the document go.
    let decode (json: ReadOnlyMemory<byte>) (reader: JsonElement -> Read<'T>) : Read<'T> =
        match tryParse json with
        | ValueNone -> Error "not a JSON text of at most 32 levels"
        | ValueSome document ->
            use document = document
            reader document.RootElement

    let private named (key: string) (property: JsonProperty) =
        let raw = JsonMarshal.GetRawUtf8PropertyName property

        if raw.Contains '\\'B then String.Equals(property.Name, key, StringComparison.OrdinalIgnoreCase)
        else Text.Ascii.EqualsIgnoreCase(raw, key.AsSpan())

    /// What stands under the name, even `null`; nothing if the name or the object around it is absent.
    let field (key: string) (parent: JsonElement) : JsonElement voption =
        let mutable found = ValueNone

        if parent.ValueKind = JsonValueKind.Object then
            for property in parent.EnumerateObject() do
                if named key property then found <- ValueSome property.Value

        found

    let private kind (element: JsonElement) =
        match element.ValueKind with
        | JsonValueKind.Object -> "an object"
        | JsonValueKind.Array -> "a list"
        | JsonValueKind.String -> "a string"
        | JsonValueKind.Number -> "a number"
        | JsonValueKind.True
        | JsonValueKind.False -> "a boolean"
        | _ -> "nothing"

    let private expected (what: string) (key: string) (element: JsonElement) : Read<'T> =
        Error $"{key}: expected {what}, found {kind element}"

    /// Reads what is there with `convert`, which gives nothing for a value it does not take; `absent` for none or `null`.
    let private value what absent (convert: JsonElement -> 'T voption) key parent : Read<'T> =
        match field key parent with
        | ValueNone -> Ok absent
        | ValueSome element when element.ValueKind = JsonValueKind.Null -> Ok absent
        | ValueSome element ->
            match convert element with
            | ValueSome found -> Ok found
            | ValueNone -> expected what key element

    let private text what absent (convert: string -> 'T voption) key parent =
        let ofString (element: JsonElement) =
            if element.ValueKind = JsonValueKind.String then convert (element.GetString() |> string) else ValueNone

        value what absent ofString key parent

    /// The digits of a number as written. Numbers that no amount could have are not even turned into text.
    let private integer (element: JsonElement) =
        if element.ValueKind <> JsonValueKind.Number then ValueNone
        else
            let raw = JsonMarshal.GetRawUtf8Value element
            if raw.Length > 78 then ValueNone else Text.integer (Text.Encoding.ASCII.GetString raw)

    let private amountText = "an integer from 0 to 2^256 - 1"

    /// An exact integer below 2^256. No strings, fractions or exponents.
    let amount key parent : Read<Amount> = value amountText Amount.zero integer key parent

    /// As `amount`, but tells absent or `null` from 0: in a proposal the difference decides its kind.
    let amountOption key parent : Read<Amount voption> =
        value amountText ValueNone (integer >> ValueOption.map ValueSome) key parent

    let uint64 key parent : Read<uint64> =
        let convert (element: JsonElement) =
            match element.ValueKind with
            | JsonValueKind.Number ->
                match element.TryGetUInt64() with
                | true, found -> ValueSome found
                | _ -> ValueNone
            | _ -> ValueNone

        value "an integer from 0 to 2^64 - 1" 0UL convert key parent

    let private atMost (limit: uint64) key parent : Read<uint64> =
        uint64 key parent
        |> Result.bind (fun found ->
            if found <= limit then Ok found else Error $"{key}: expected an integer from 0 to {limit}, found a larger one")

    let uint32 key parent : Read<uint32> = atMost 0xFFFF_FFFFUL key parent |> Result.map uint32
    let uint8 key parent : Read<byte> = atMost 255UL key parent |> Result.map byte

    let boolean key parent : Read<bool> =
        let convert (element: JsonElement) =
            match element.ValueKind with
            | JsonValueKind.True -> ValueSome true
            | JsonValueKind.False -> ValueSome false
            | _ -> ValueNone

        value "true or false" false convert key parent

    let string key parent : Read<string> = text "a string" "" ValueSome key parent
    let address key parent : Read<Address> = text "an address (0x and 40 hexadecimal digits)" Address.zero Text.address key parent
    let bytes32 key parent : Read<Bytes32> = text "32 bytes (0x and 64 hexadecimal digits)" Bytes32.zero Text.bytes32 key parent

    /// For peer messages: any string counts, see Text.destinationLenient.
    let destinationLenient key parent : Read<Destination> =
        text "a string" Bytes32.zero (Text.destinationLenient >> ValueSome) key parent

    /// For the API and settings.
    let destinationStrict key parent : Read<Destination> =
        text "a destination (0x and 40 or 64 hexadecimal digits)" Bytes32.zero Text.destinationStrict key parent

    /// `"0x64"`.
    let hexAmount key parent : Read<Amount> =
        text "an integer in hexadecimal (0x and digits without leading zeros)" Amount.zero Text.hexAmount key parent

    /// Nothing where there is none: absent, `null`, or zeros of any length.
    let signature key parent : Read<Signature voption> =
        text "a signature (0x and 130 hexadecimal digits)" ValueNone Text.signature key parent

    let private base64 (element: JsonElement) =
        if element.ValueKind <> JsonValueKind.String then ValueNone
        else
            match element.TryGetBytesFromBase64() with
            | true, found -> found |> ValueOption.ofObj
            | _ -> ValueNone

    /// Base64. Tells absent or `null` from empty, since go-nitro writes both.
    let bytesOption key parent : Read<byte[] voption> =
        value "bytes in base64" ValueNone (base64 >> ValueOption.map ValueSome) key parent

    /// Base64; empty where absent or `null`.
    let bytes key parent : Read<byte[]> = value "bytes in base64" (Array.Empty()) base64 key parent

    let private within (key: string) (result: Read<'T>) : Read<'T> =
        match result with
        | Ok found -> Ok found
        | Error text -> Error(key + "." + text)

    /// An object, read with `reader`. Where it is absent or `null`, `reader` sees an object without fields.
    let nested (key: string) (reader: JsonElement -> Read<'T>) parent : Read<'T> =
        match field key parent with
        | ValueNone -> within key (reader (JsonElement()))
        | ValueSome element ->
            match element.ValueKind with
            | JsonValueKind.Object -> within key (reader element)
            | JsonValueKind.Null -> within key (reader (JsonElement()))
            | _ -> expected "an object" key element

    /// An object, read with `reader`, or nothing where it is absent or `null`.
    let nestedOption (key: string) (reader: JsonElement -> Read<'T>) parent : Read<'T voption> =
        match field key parent with
        | ValueNone -> Ok ValueNone
        | ValueSome element when element.ValueKind = JsonValueKind.Null -> Ok ValueNone
        | ValueSome _ -> nested key reader parent |> Result.map ValueSome

    /// Runs `reader` over items until one fails.
    let private each (items: seq<'I>) (reader: int -> 'I -> Read<'T>) : Read<'T list> =
        let found = ResizeArray<'T>()
        let mutable error = ValueNone
        use items = items.GetEnumerator()

        while error.IsNone && items.MoveNext() do
            match reader found.Count items.Current with
            | Ok item -> found.Add item
            | Error text -> error <- ValueSome text

        match error with
        | ValueSome text -> Error text
        | ValueNone -> Ok(List.ofSeq found)

    /// A list, each item read with `reader`, which is given a name for error texts. Empty where absent or `null`.
    let items (key: string) (reader: string -> JsonElement -> Read<'T>) parent : Read<'T list> =
        match field key parent with
        | ValueNone -> Ok []
        | ValueSome element ->
            match element.ValueKind with
            | JsonValueKind.Array -> each (element.EnumerateArray()) (fun index item -> reader $"{key}[{index}]" item)
            | JsonValueKind.Null -> Ok []
            | _ -> expected "a list" key element

    /// A list of objects; an item that is `null` reads as an object without fields.
    let list (key: string) (reader: JsonElement -> Read<'T>) parent : Read<'T list> =
        let item name (element: JsonElement) =
            match element.ValueKind with
            | JsonValueKind.Object -> within name (reader element)
            | JsonValueKind.Null -> within name (reader (JsonElement()))
            | _ -> expected "an object" name element

        items key item parent

    /// A list of strings, each converted.
    let texts (key: string) (what: string) (convert: string -> 'T voption) parent : Read<'T list> =
        let item name (element: JsonElement) =
            let converted =
                if element.ValueKind = JsonValueKind.String then convert (element.GetString() |> Operators.string) else ValueNone

            match converted with
            | ValueSome found -> Ok found
            | ValueNone -> expected what name element

        items key item parent

    let addresses key parent : Read<Address list> =
        texts key "an address (0x and 40 hexadecimal digits)" Text.address parent

    /// An object used as a map: names as given, in order, duplicates included. Empty where absent or `null`.
    let entries (key: string) (reader: string -> JsonElement -> Read<'T>) parent : Read<'T list> =
        match field key parent with
        | ValueNone -> Ok []
        | ValueSome element ->
            match element.ValueKind with
            | JsonValueKind.Object ->
                each (element.EnumerateObject()) (fun index entry -> within $"{key}[{index}]" (reader entry.Name entry.Value))
            | JsonValueKind.Null -> Ok []
            | _ -> expected "an object" key element
