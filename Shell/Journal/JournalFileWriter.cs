using System.IO.Compression;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Journal;

/// <summary>
/// Writes a journal file: archive, export or support bundle. It has its name only once it is whole and durable; until then it is
/// <c>.partial</c>. A name that ends with <c>.gz</c> is compressed.
/// </summary>
public sealed class JournalFileWriter : IDisposable
{
    private const int BufferBytes = 128 * 1024;

    private readonly string path;
    private readonly FileStream file;
    private readonly GZipStream? compressed;
    private readonly BufferedStream output;
    private readonly JournalLine lines = new();
    private readonly JournalFileHead head;
    private long next;

    private JournalFileWriter(string path, FileStream file, JournalFileHead head)
    {
        this.path = path;
        this.file = file;
        this.head = head;
        next = head.First;
        compressed = IsCompressed(path) ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : null;
        output = new BufferedStream(compressed as Stream ?? file, BufferBytes);
        output.Write(lines.Seal(json =>
        {
            json.WriteNumber("journal", JournalLine.Format);
            json.WriteString("owner", head.Owner);
            json.WriteNumber("first", head.First);
            json.WriteNumber("epoch", head.Epoch);
            json.WriteNumber("next", head.Next);
        }).Span);
    }

    /// <summary>Begins a file that is not there yet.</summary>
    /// <exception cref="JournalException">It is there, or cannot be made.</exception>
    public static JournalFileWriter Create(string path, JournalFileHead head)
    {
        ArgumentNullException.ThrowIfNull(head);
        var full = Path.GetFullPath(path);
        if (File.Exists(full))
        {
            throw new JournalException(JournalFailure.Permanent, $"The file {full} is there already. Name another.");
        }

        try
        {
            OwnerOnly.CreateFolder(Path.GetDirectoryName(full)!);
            return new JournalFileWriter(full, OwnerOnly.ReplaceFile(full + ".partial"), head);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StorageException)
        {
            throw Unwritable(full, e);
        }
    }

    /// <summary>Tells something beside the records.</summary>
    public void Add(JournalNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        Write(lines.Seal(json =>
        {
            json.WriteString("note", note.Name);
            json.WritePropertyName("content");
            json.WriteRawValue(note.Content.Span);
        }));
    }

    /// <summary>The next record.</summary>
    /// <exception cref="JournalException">It is not the next one, or the disk refuses it.</exception>
    public void Add(JournalRecord record)
    {
        if (record.Position != next)
        {
            throw new JournalException(JournalFailure.Permanent, $"The file {path} was to get record {next}, not {record.Position}.");
        }

        Write(lines.Seal(json => JournalLine.Write(json, record)));
        next++;
    }

    /// <summary>The records from a position on, up to the file's end.</summary>
    /// <param name="source">Whose.</param>
    /// <param name="from">The first.</param>
    /// <param name="progress">Told after each how many there have been.</param>
    /// <param name="cancellationToken">Gives up; the file is not completed then.</param>
    /// <exception cref="JournalException">A record is damaged, or the disk refuses it.</exception>
    public async Task AddAllAsync(IJournalRecords source, long from, Action<long> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(progress);
        await foreach (var record in source.ReadAsync(from, cancellationToken))
        {
            if (record.Position >= head.Next)
            {
                break;
            }

            Add(record);
            progress(record.Position - from + 1);
        }
    }

    /// <summary>Ends the file: from now on it is there.</summary>
    /// <exception cref="JournalException">Records are missing, or the disk refuses it.</exception>
    public void Complete()
    {
        if (next != head.Next)
        {
            throw new JournalException(JournalFailure.Permanent, $"The file {path} was to end before record {head.Next}, and ends before {next}.");
        }

        Write(lines.Seal(json => json.WriteNumber("end", next)));
        try
        {
            output.Flush();
            compressed?.Dispose();
            file.Flush(flushToDisk: true);
            file.Dispose();
            DurableMove.Move(path + ".partial", path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, e);
        }
    }

    /// <summary>A file that was not completed stays behind as <c>.partial</c>; the next of its name takes its place.</summary>
    public void Dispose()
    {
        lines.Dispose();
        file.Dispose();
    }

    private static bool IsCompressed(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    private void Write(ReadOnlyMemory<byte> line)
    {
        try
        {
            output.Write(line.Span);
        }
        catch (IOException e)
        {
            throw Unwritable(path, e);
        }
    }

    private static JournalException Unwritable(string path, Exception e) => new(
        JournalFailure.Permanent, $"The file {path} cannot be written: {e.Message.TrimEnd('.')}. Check disk space and rights.", e);
}
