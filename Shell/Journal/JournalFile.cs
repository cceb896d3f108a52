using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>A journal file to read: archive, export or support bundle. Each reading goes through it from its start and judges every line.</summary>
public sealed class JournalFile : IJournalRecords
{
    private const int FirstBytes = 64 * 1024;
    private const int MostBytes = 64 * 1024 * 1024;

    private JournalFile(string path, JournalFileHead head) => (Path, Head) = (path, head);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What it says of itself.</summary>
    public JournalFileHead Head { get; }

    /// <inheritdoc/>
    public long First => Head.First;

    /// <inheritdoc/>
    public long Next => Head.Next;

    /// <inheritdoc/>
    public long EpochStart => Head.Epoch;

    /// <summary>Whether a file is, by its first bytes, a journal file; also a compressed one.</summary>
    /// <exception cref="IOException">It cannot be read; so is <see cref="UnauthorizedAccessException"/>.</exception>
    public static bool IsOne(string path)
    {
        using var file = File.OpenRead(path);
        return file.ReadByte() is '{' or 0x1f;
    }

    /// <summary>Opens a file that is there.</summary>
    /// <exception cref="JournalException">It is not there, no journal file, or of another version.</exception>
    public static async Task<JournalFile> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var full = System.IO.Path.GetFullPath(path);
        await foreach (var (line, _) in LinesAsync(full, cancellationToken))
        {
            if (line.TryGetProperty("journal", out var format))
            {
                return format.ValueKind == JsonValueKind.Number && format.TryGetInt32(out var number) && number == JournalLine.Format
                    ? new JournalFile(full, Read(full, 1, () => HeadOf(line)))
                    : throw Refused(full, $"its format is {format.GetRawText()}, this program reads {JournalLine.Format}", "Run the version that wrote it.");
            }

            break;
        }

        throw Refused(full, "it is no journal file", "Check the path.");
    }

    /// <summary>What it tells before its first record.</summary>
    /// <exception cref="JournalException">As of <see cref="ReadAsync"/>.</exception>
    public async Task<IReadOnlyList<JournalNote>> NotesAsync(CancellationToken cancellationToken)
    {
        var notes = new List<JournalNote>();
        await foreach (var (_, note) in ItemsAsync(cancellationToken))
        {
            if (note is null)
            {
                break;
            }

            notes.Add(note);
        }

        return notes;
    }

    /// <summary>Records from a position on.</summary>
    /// <exception cref="JournalException">A line is damaged or missing, or the end is: the message names the line and the record.</exception>
    public async IAsyncEnumerable<JournalRecord> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (record, note) in ItemsAsync(cancellationToken))
        {
            if (note is null && record.Position >= from)
            {
                yield return record;
            }
        }
    }

    private static JournalFileHead HeadOf(JsonElement line) => new(
        line.GetProperty("owner").GetString() ?? string.Empty,
        line.GetProperty("first").GetInt64(),
        line.GetProperty("epoch").GetInt64(),
        line.GetProperty("next").GetInt64());

    private async IAsyncEnumerable<(JournalRecord Record, JournalNote? Note)> ItemsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = Head.First;
        var isWhole = false;
        await foreach (var (line, number) in LinesAsync(Path, cancellationToken))
        {
            if (isWhole)
            {
                throw Damaged(Path, number, "something stands behind the end");
            }

            if (line.TryGetProperty("end", out _))
            {
                isWhole = next == Head.Next ? true : throw Damaged(Path, number, $"it ends before record {next}, and should before {Head.Next}");
            }
            else if (line.TryGetProperty("note", out var name))
            {
                yield return (default, Read(Path, number, () => new JournalNote(name.GetString() ?? string.Empty, Raw(line.GetProperty("content")))));
            }
            else if (number > 1)
            {
                var record = Read(Path, number, () => JournalLine.Read(line));
                yield return record.Position == next ? (record, null) : throw Damaged(Path, number, $"record {record.Position} stands where {next} was due");
                next++;
            }
        }

        if (!isWhole)
        {
            throw new JournalException(
                JournalFailure.Permanent, $"The file {Path} is cut off before record {next}; it should go on to record {Head.Next - 1}. Take another copy of it.");
        }
    }

    private static byte[] Raw(JsonElement element) => System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element).ToArray();

    /// <summary>Every line, judged by its digest, and its number from 1.</summary>
    private static async IAsyncEnumerable<(JsonElement Line, long Number)> LinesAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var digests = new JournalLine();
        await using var input = Open(path);
        var buffer = new byte[FirstBytes];
        var (held, number) = (0, 0L);
        while (true)
        {
            var read = await ReadAsync(path, input, buffer.AsMemory(held), number + 1, cancellationToken);
            var end = held + read;
            var start = 0;
            for (int length; (length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n')) >= 0; start += length + 1)
            {
                number++;
                var line = buffer.AsSpan(start, length);
                if (!digests.IsNext(line))
                {
                    throw number == 1 ? Refused(path, "it is no journal file", "Check the path.") : Damaged(path, number, "its digest does not match it and what stands before it");
                }

                yield return (Read(path, number, () => JsonSerializer.Deserialize<JsonElement>(buffer.AsSpan(start, length))), number);
            }

            held = end - start;
            if (read == 0)
            {
                if (held > 0)
                {
                    throw number == 0 ? Refused(path, "it is no journal file", "Check the path.") : Damaged(path, number + 1, "it is cut off");
                }

                yield break;
            }

            buffer.AsSpan(start, held).CopyTo(buffer);
            if (held == buffer.Length)
            {
                if (number == 0 || held >= MostBytes)
                {
                    throw number == 0 ? Refused(path, "it is no journal file", "Check the path.") : Damaged(path, number + 1, "it does not end");
                }

                Array.Resize(ref buffer, 2 * buffer.Length);
            }
        }
    }

    private static async ValueTask<int> ReadAsync(string path, Stream input, Memory<byte> room, long number, CancellationToken cancellationToken)
    {
        try
        {
            return await input.ReadAsync(room, cancellationToken);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw Damaged(path, number, e.Message.TrimEnd('.'), e);
        }
    }

    private static Stream Open(string path)
    {
        try
        {
            var file = File.OpenRead(path);
            var isCompressed = file.ReadByte() == 0x1f;
            file.Position = 0;
            return isCompressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, e.Message.TrimEnd('.'), "Check the path and its rights.", e);
        }
    }

    private static T Read<T>(string path, long number, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Damaged(path, number, e.Message.TrimEnd('.'), e);
        }
    }

    private static JournalException Damaged(string path, long number, string cause, Exception? inner = null) => new(
        JournalFailure.Permanent, $"Line {number} of the file {path} is damaged: {cause}. Nothing from there on can be used: take another copy of it.", inner);

    private static JournalException Refused(string path, string cause, string next, Exception? inner = null) =>
        new(JournalFailure.Permanent, $"The file {path} cannot be read: {cause}. {next}", inner);
}
