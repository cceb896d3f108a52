using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>
/// The lines of a journal file: JSON objects whose last field, <c>digest</c>, is the start of SHA-256 over the digest before it and all
/// of the line before it. So a line that is changed, lost, moved or cut off shows itself at its place. For one file at a time.
/// </summary>
internal sealed class JournalLine : IDisposable
{
    internal const int Format = 1;
    private const int DigestBytes = 8;
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly int TailLength = Tail.Length + (2 * DigestBytes) + 2;
    private readonly IncrementalHash sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] last = new byte[SHA256.HashSizeInBytes];

    private static ReadOnlySpan<byte> Tail => ",\"digest\":\""u8;

    /// <summary>The line of an object's fields, with its line feed.</summary>
    internal ReadOnlyMemory<byte> Seal(Action<Utf8JsonWriter> fields)
    {
        var line = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(line, Relaxed))
        {
            json.WriteStartObject();
            fields(json);
            json.Flush(); // Without the closing brace, which stands behind the digest.
            Advance(line.WrittenSpan);
            line.Write(Tail);
            var digest = line.GetSpan(2 * DigestBytes);
            Convert.TryToHexStringLower(last.AsSpan(0, DigestBytes), digest, out var written);
            line.Advance(written);
            line.Write("\"}\n"u8);
        }

        return line.WrittenMemory;
    }

    /// <summary>Whether a line, without its line feed, is what follows on the one before.</summary>
    internal bool IsNext(ReadOnlySpan<byte> line)
    {
        var content = line.Length - TailLength;
        if (content < 1 || !line[content..].StartsWith(Tail) || !line.EndsWith("\"}"u8))
        {
            return false;
        }

        Advance(line[..content]);
        Span<byte> digest = stackalloc byte[2 * DigestBytes];
        return Convert.TryToHexStringLower(last.AsSpan(0, DigestBytes), digest, out _)
            && line.Slice(content + Tail.Length, 2 * DigestBytes).SequenceEqual(digest);
    }

    internal static void Write(Utf8JsonWriter json, in JournalRecord record)
    {
        json.WriteNumber("position", record.Position);
        json.WriteNumber("at", record.AtMicros);
        json.WriteString("type", record.Type);
        json.WriteNumber("version", record.Version);
        if (IsPlain(record.Body.Span))
        {
            json.WritePropertyName("body");
            json.WriteRawValue(record.Body.Span, skipInputValidation: true);
        }
        else
        {
            json.WriteBase64String("bytes", record.Body.Span);
        }
    }

    /// <summary>The record of a line's object.</summary>
    /// <exception cref="Exception">A field is missing or another's: <see cref="KeyNotFoundException"/>, <see cref="InvalidOperationException"/>, <see cref="FormatException"/>.</exception>
    internal static JournalRecord Read(JsonElement line) => new(
        line.GetProperty("position").GetInt64(),
        line.GetProperty("at").GetInt64(),
        line.GetProperty("type").GetString() ?? throw new FormatException("a record without a type"),
        line.GetProperty("version").GetInt32(),
        line.TryGetProperty("body", out var body) ? JsonMarshal.GetRawUtf8Value(body).ToArray() : line.GetProperty("bytes").GetBytesFromBase64());

    public void Dispose() => sha.Dispose();

    /// <summary>A body that stands in a line as it is: an object in JSON, without a line's end in it.</summary>
    private static bool IsPlain(ReadOnlySpan<byte> body)
    {
        if (body is not [(byte)'{', .., (byte)'}'] || body.IndexOfAny((byte)'\n', (byte)'\r') >= 0)
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(body);
            while (reader.Read())
            {
            }

            return reader.BytesConsumed == body.Length && System.Text.Unicode.Utf8.IsValid(body);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Advance(ReadOnlySpan<byte> content)
    {
        sha.AppendData(last);
        sha.AppendData(content);
        sha.GetHashAndReset(last);
    }
}
