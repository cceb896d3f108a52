namespace Nitro.Wire

open System
open System.Text.Json
open Nitro.Kernel
open Nitro.Protocol

/// Scalars and protocol values as they stand in the journal. Unlike in messages, every field must be there under its exact name:
/// these bytes are our own, and a field that is missing means damage, not a default. Meant never to change; a new shape is a new version.
module internal FieldsV1 =
    let private expected (what: string) (key: string) : Read<'T> = Error $"{key}: expected {what}"

    let private tryField (key: string) (parent: JsonElement) : JsonElement voption =
        if parent.ValueKind <> JsonValueKind.Object then ValueNone
        else
            match parent.TryGetProperty key with
            | true, element -> ValueSome element
            | _ -> ValueNone

    let private value what (convert: JsonElement -> 'T voption) key parent : Read<'T> =
        match tryField key parent |> ValueOption.bind convert with
        | ValueSome found -> Ok found
        | ValueNone -> expected what key

    let private tryText (element: JsonElement) : string voption =
        if element.ValueKind = JsonValueKind.String then element.GetString() |> ValueOption.ofObj else ValueNone

    let private numberIf (take: JsonElement -> struct (bool * 'T)) (element: JsonElement) : 'T voption =
        if element.ValueKind <> JsonValueKind.Number then ValueNone
        else
            match take element with
            | struct (true, found) -> ValueSome found
            | _ -> ValueNone

    let private structOf (found: bool, value: 'T) = struct (found, value)

    /// `null` reads as nothing; the field must be there all the same.
    let private orNull (convert: JsonElement -> 'T voption) (element: JsonElement) : 'T voption voption =
        if element.ValueKind = JsonValueKind.Null then ValueSome ValueNone else convert element |> ValueOption.map ValueSome

    let private tryBytes32 element = tryText element |> ValueOption.bind Text.bytes32
    let private tryInt64 element = numberIf (fun e -> structOf (e.TryGetInt64())) element

    // Reading

    let string key parent : Read<string> = value "a string" tryText key parent
    let boolean key parent : Read<bool> =
        let convert (element: JsonElement) =
            match element.ValueKind with
            | JsonValueKind.True -> ValueSome true
            | JsonValueKind.False -> ValueSome false
            | _ -> ValueNone

        value "true or false" convert key parent

    let uint64 key parent : Read<uint64> =
        value "an integer from 0 to 2^64 - 1" (numberIf (fun e -> structOf (e.TryGetUInt64()))) key parent

    let uint32 key parent : Read<uint32> =
        value "an integer from 0 to 2^32 - 1" (numberIf (fun e -> structOf (e.TryGetUInt32()))) key parent

    let uint8 key parent : Read<byte> = value "an integer from 0 to 255" (numberIf (fun e -> structOf (e.TryGetByte()))) key parent
    let int64 key parent : Read<int64> = value "an integer of 64 bits" tryInt64 key parent

    /// The place of a participant in its channel.
    let index key parent : Read<int> =
        let natural (element: JsonElement) =
            match element.TryGetInt32() with
            | true, found when found >= 0 -> struct (true, found)
            | _ -> struct (false, 0)

        value "an integer from 0 to 2^31 - 1" (numberIf natural) key parent

    let instantOption key parent : Read<Instant voption> =
        value "microseconds or null" (orNull (tryInt64 >> ValueOption.map Instant)) key parent

    let amount key parent : Read<Amount> =
        value "a decimal integer from 0 to 2^256 - 1 in a string" (tryText >> ValueOption.bind Amount.tryParse) key parent

    let address key parent : Read<Address> =
        value "an address (0x and 40 hexadecimal digits)" (tryText >> ValueOption.bind Text.address) key parent

    let bytes32 key parent : Read<Bytes32> = value "32 bytes (0x and 64 hexadecimal digits)" tryBytes32 key parent
    let channel key parent : Read<ChannelId> = bytes32 key parent |> Result.map ChannelId

    let channelOption key parent : Read<ChannelId voption> =
        value "32 bytes (0x and 64 hexadecimal digits) or null" (orNull (tryBytes32 >> ValueOption.map ChannelId)) key parent

    let bytes key parent : Read<byte[]> = value "bytes (0x and hexadecimal digits)" (tryText >> ValueOption.bind Text.bytes) key parent

    let private trySignature element =
        let ofText text = Text.bytes text |> ValueOption.bind (fun found -> Signature.tryOfSpan (ReadOnlySpan found))
        tryText element |> ValueOption.bind ofText

    /// Any 65 bytes.
    let signature key parent : Read<Signature> = value "a signature (0x and 130 hexadecimal digits)" trySignature key parent

    let signatureOption key parent : Read<Signature voption> =
        value "a signature (0x and 130 hexadecimal digits) or null" (orNull trySignature) key parent

    let stringOption key parent : Read<string voption> = value "a string or null" (orNull tryText) key parent
    let instant key parent : Read<Instant> = int64 key parent |> Result.map Instant

    /// Of a field that was added later: nothing where it is not there.
    let addedInstant key parent : Read<Instant voption> =
        match tryField key parent with
        | ValueSome _ -> instant key parent |> Result.map ValueSome
        | ValueNone -> Ok ValueNone
    let private tryObjective element = tryText element |> ValueOption.bind ObjectiveId.tryParse
    let objective key parent : Read<ObjectiveId> = value "an objective's id (kind, dash, channel id)" tryObjective key parent

    let objectiveOption key parent : Read<ObjectiveId voption> =
        value "an objective's id (kind, dash, channel id) or null" (orNull tryObjective) key parent

    let request key parent : Read<RequestId> = string key parent |> Result.map RequestId

    /// One of a few words; `known` names them for the error.
    let oneOf known (convert: string -> 'T voption) key parent : Read<'T> =
        value $"one of {known}" (tryText >> ValueOption.bind convert) key parent

    let private within (path: string) (result: Read<'T>) : Read<'T> =
        match result with
        | Ok found -> Ok found
        | Error text -> Error $"{path}.{text}"

    /// An object, read with `reader`.
    let nested (key: string) (reader: JsonElement -> Read<'T>) parent : Read<'T> =
        match tryField key parent with
        | ValueSome element when element.ValueKind = JsonValueKind.Object -> within key (reader element)
        | _ -> expected "an object" key

    /// An object, read with `reader`, or `null`.
    let nestedOption (key: string) (reader: JsonElement -> Read<'T>) parent : Read<'T voption> =
        match tryField key parent with
        | ValueSome element when element.ValueKind = JsonValueKind.Null -> Ok ValueNone
        | ValueSome element when element.ValueKind = JsonValueKind.Object -> within key (reader element) |> Result.map ValueSome
        | _ -> expected "an object or null" key

    let private items key (reader: string -> JsonElement -> Read<'T>) parent : Read<'T list> =
        match tryField key parent with
        | ValueSome element when element.ValueKind = JsonValueKind.Array ->
            let found = ResizeArray<'T>()
            let mutable error = ValueNone

            for item in element.EnumerateArray() do
                if error.IsNone then
                    match reader $"{key}[{found.Count}]" item with
                    | Ok item -> found.Add item
                    | Error text -> error <- ValueSome text

            match error with
            | ValueSome text -> Error text
            | ValueNone -> Ok(List.ofSeq found)
        | _ -> expected "a list" key

    /// A list of objects, each read with `reader`.
    let list key (reader: JsonElement -> Read<'T>) parent : Read<'T list> =
        items key (fun path item -> within path (reader item)) parent

    let private texts what (convert: JsonElement -> 'T voption) key parent : Read<'T list> =
        let ofItem path item =
            match convert item with
            | ValueSome found -> Ok found
            | ValueNone -> expected what path

        items key ofItem parent

    let addresses key parent : Read<Address list> =
        texts "an address (0x and 40 hexadecimal digits)" (tryText >> ValueOption.bind Text.address) key parent

    let channels key parent : Read<ChannelId list> =
        texts "32 bytes (0x and 64 hexadecimal digits)" (tryBytes32 >> ValueOption.map ChannelId) key parent

    /// Of a field that was added later: none where it is not there.
    let addedInstants key parent : Read<Instant list> =
        match tryField key parent with
        | ValueSome _ -> texts "microseconds" (tryInt64 >> ValueOption.map Instant) key parent
        | ValueNone -> Ok []

    let objectives key parent : Read<ObjectiveId list> = texts "an objective's id (kind, dash, channel id)" tryObjective key parent

    // Writing what JsonWrite writes otherwise or not at all

    let writeInt64 (key: string) (value: int64) (writer: Utf8JsonWriter) = writer.WriteNumber(key, value)
    let writeIndex (key: string) (value: int) (writer: Utf8JsonWriter) = writer.WriteNumber(key, value)

    let writeInstantOption (key: string) (value: Instant voption) (writer: Utf8JsonWriter) =
        match value with
        | ValueSome at -> writer.WriteNumber(key, at.Micros)
        | ValueNone -> writer.WriteNull key

    let writeAmount (key: string) (value: Amount) (writer: Utf8JsonWriter) = writer.WriteString(key, value.ToString())
    let writeChannel (key: string) (value: ChannelId) (writer: Utf8JsonWriter) = JsonWrite.bytes32 key value.Value writer

    let writeChannelOption (key: string) (value: ChannelId voption) (writer: Utf8JsonWriter) =
        match value with
        | ValueSome found -> writeChannel key found writer
        | ValueNone -> writer.WriteNull key

    let writeBytes (key: string) (value: byte[]) (writer: Utf8JsonWriter) = writer.WriteString(key, Hex.prefixed (ReadOnlySpan value))
    let writeSignature (key: string) (value: Signature) (writer: Utf8JsonWriter) = writer.WriteString(key, value.ToString())
    let writeObjective (key: string) (value: ObjectiveId) (writer: Utf8JsonWriter) = writer.WriteString(key, value.ToString())
    let writeRequest (key: string) (value: RequestId) (writer: Utf8JsonWriter) = writer.WriteString(key, value.Value)
    let writeInstant key (value: Instant) (writer: Utf8JsonWriter) = writeInt64 key value.Micros writer

    let writeInstants (key: string) (values: seq<Instant>) (writer: Utf8JsonWriter) =
        writer.WriteStartArray key
        for value in values do writer.WriteNumberValue value.Micros
        writer.WriteEndArray()

    /// `null` for none.
    let writeOption (write: string -> 'T -> Utf8JsonWriter -> unit) (key: string) (value: 'T voption) (writer: Utf8JsonWriter) =
        match value with
        | ValueSome found -> write key found writer
        | ValueNone -> writer.WriteNull key
