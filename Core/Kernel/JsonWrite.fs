namespace Nitro.Kernel

open System
open System.Buffers
open System.Text.Encodings.Web
open System.Text.Json

/// Room to write in. Each thread keeps one for the next text: a new buffer and writer cost more than most of what is written.
[<Sealed>]
type internal JsonPad private (options: JsonWriterOptions) =
    [<ThreadStatic; DefaultValue>]
    static val mutable private kept: JsonPad | null

    let buffer = ArrayBufferWriter<byte> 1024
    let writer = new Utf8JsonWriter(buffer, options)
    member _.Buffer = buffer
    member _.Writer = writer

    /// The thread's own, or a new one where a text is written within a text.
    static member Take options =
        match JsonPad.kept with
        | null -> JsonPad options
        | pad ->
            JsonPad.kept <- null
            pad

    /// A large one is not kept.
    static member GiveBack(pad: JsonPad) =
        if pad.Buffer.Capacity <= 64 * 1024 then
            pad.Buffer.ResetWrittenCount()
            pad.Writer.Reset()
            JsonPad.kept <- pad

/// Writes JSON with the bytes that go-nitro writes: no white space, numbers of any length bare, hexadecimal in lower case.
/// Every writer takes the name of a field, the value, and the object being written.
module internal JsonWrite =
    /// The default encoder would escape the `+` of base64, which Go does not.
    let private options = JsonWriterOptions(Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)

    let encode (write: Utf8JsonWriter -> unit) : byte[] =
        let pad = JsonPad.Take options
        write pad.Writer
        pad.Writer.Flush()
        let bytes = pad.Buffer.WrittenSpan.ToArray()
        // After an exception it is simply not given back.
        JsonPad.GiveBack pad
        bytes

    let amount (key: string) (value: Amount) (writer: Utf8JsonWriter) =
        writer.WritePropertyName key
        writer.WriteRawValue(value.ToString())

    /// `null` for none.
    let amountOption (key: string) (value: Amount voption) (writer: Utf8JsonWriter) =
        match value with
        | ValueSome found -> amount key found writer
        | ValueNone -> writer.WriteNull key

    let uint64 (key: string) (value: uint64) (writer: Utf8JsonWriter) = writer.WriteNumber(key, value)
    let uint32 (key: string) (value: uint32) (writer: Utf8JsonWriter) = writer.WriteNumber(key, value)
    let uint8 (key: string) (value: byte) (writer: Utf8JsonWriter) = writer.WriteNumber(key, int value)
    let boolean (key: string) (value: bool) (writer: Utf8JsonWriter) = writer.WriteBoolean(key, value)
    let string (key: string) (value: string) (writer: Utf8JsonWriter) = writer.WriteString(key, value)
    let address (key: string) (value: Address) (writer: Utf8JsonWriter) = writer.WriteString(key, value.ToString())

    /// Destinations, channel ids, hashes.
    let bytes32 (key: string) (value: Bytes32) (writer: Utf8JsonWriter) = writer.WriteString(key, value.ToString())

    /// `"0x64"`.
    let hexAmount (key: string) (value: Amount) (writer: Utf8JsonWriter) = writer.WriteString(key, Amount.toHex value)

    /// `"0x00"` for none.
    let signature (key: string) (value: Signature voption) (writer: Utf8JsonWriter) =
        match value with
        | ValueSome found -> writer.WriteString(key, found.ToString())
        | ValueNone -> writer.WriteString(key, "0x00")

    /// Base64.
    let bytes (key: string) (value: byte[]) (writer: Utf8JsonWriter) = writer.WriteBase64String(key, ReadOnlySpan value)

    /// Base64, or `null` for none.
    let bytesOption (key: string) (value: byte[] voption) (writer: Utf8JsonWriter) =
        match value with
        | ValueSome found -> bytes key found writer
        | ValueNone -> writer.WriteNull key

    /// Base64, or `null` for none or empty: how go-nitro writes metadata and app data that were never set.
    let bytesOrNull (key: string) (value: byte[]) (writer: Utf8JsonWriter) =
        if value.Length = 0 then writer.WriteNull key else bytes key value writer

    let nested (key: string) (write: Utf8JsonWriter -> unit) (writer: Utf8JsonWriter) =
        writer.WriteStartObject key
        write writer
        writer.WriteEndObject()

    /// A list of objects.
    let list (key: string) (write: 'T -> Utf8JsonWriter -> unit) (items: seq<'T>) (writer: Utf8JsonWriter) =
        writer.WriteStartArray key

        for item in items do
            writer.WriteStartObject()
            write item writer
            writer.WriteEndObject()

        writer.WriteEndArray()

    let texts (key: string) (items: seq<string>) (writer: Utf8JsonWriter) =
        writer.WriteStartArray key

        for item in items do
            writer.WriteStringValue item

        writer.WriteEndArray()

    let addresses (key: string) (items: seq<Address>) (writer: Utf8JsonWriter) =
        texts key (items |> Seq.map (fun item -> item.ToString())) writer
