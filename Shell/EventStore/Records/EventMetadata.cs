using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Nitro.EventStore.Records;

/// <summary>
/// What stands beside a record in the store, as JSON. <c>AtMicros</c> and <c>Version</c> are the record's. <c>Epoch</c>: where the epoch
/// in force begins once the record's append is whole. <c>Writer</c>: who wrote it. <c>Parts</c>: the stream that has the body.
/// <c>Until</c>, <c>Rest</c>: the append goes on to that position, and the stream has all of it.
/// </summary>
internal sealed record EventMetadata
{
    /// <summary>The form of metadata that this version writes and reads.</summary>
    internal const int CurrentForm = 1;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal int Form { get; init; } = CurrentForm;

    internal long AtMicros { get; init; }

    internal int Version { get; init; }

    internal long Epoch { get; init; }

    internal string Writer { get; init; } = "";

    internal string? Correlation { get; init; }

    internal string? Causation { get; init; }

    internal string? Parts { get; init; }

    internal long? Until { get; init; }

    internal string? Rest { get; init; }

    /// <summary>Null: not of this node's making.</summary>
    internal static EventMetadata? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            return Read(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    internal byte[] ToJson()
    {
        var output = new ArrayBufferWriter<byte>(320);
        using var writer = new Utf8JsonWriter(output, Plain);
        writer.WriteStartObject();
        writer.WriteNumber("form", Form);
        writer.WriteNumber("at", AtMicros);
        writer.WriteNumber("version", Version);
        writer.WriteNumber("epoch", Epoch);
        writer.WriteString("writer", Writer);
        Write(writer, "$correlationId", Correlation);
        Write(writer, "$causationId", Causation);
        Write(writer, "parts", Parts);
        if (Until is { } until)
        {
            writer.WriteNumber("until", until);
            writer.WriteString("rest", Rest);
        }

        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static EventMetadata? Read(ref Utf8JsonReader reader)
    {
        var (form, at, version, epoch, until) = (0, 0L, 0, 0L, (long?)null);
        string? writer = null, correlation = null, causation = null, parts = null, rest = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "form": form = reader.GetInt32(); break;
                case "at": at = reader.GetInt64(); break;
                case "version": version = reader.GetInt32(); break;
                case "epoch": epoch = reader.GetInt64(); break;
                case "writer": writer = reader.GetString(); break;
                case "$correlationId": correlation = reader.GetString(); break;
                case "$causationId": causation = reader.GetString(); break;
                case "parts": parts = reader.GetString(); break;
                case "until": until = reader.GetInt64(); break;
                case "rest": rest = reader.GetString(); break;
                default: reader.Skip(); break;
            }
        }

        // Of a newer form nothing else can be told.
        return form == 0 || writer is null || (until is null != rest is null)
            ? null
            : new EventMetadata
            {
                Form = form,
                AtMicros = at,
                Version = version,
                Epoch = epoch,
                Writer = writer,
                Correlation = correlation,
                Causation = causation,
                Parts = parts,
                Until = until,
                Rest = rest,
            };
    }
}
