using Microsoft.Data.Sqlite;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Journal;

/// <summary>
/// Takes the epochs before the one in force out of a SQLite journal, into an archive. However it ends, every record is in the archive or
/// in the journal; doing it once more finishes it. No node can open the journal meanwhile.
/// </summary>
public sealed class SqliteCompaction : IDisposable
{
    private readonly string path;
    private readonly string owner;
    private readonly FileLock held;
    private readonly JournalTable table;

    private SqliteCompaction(string path, string owner, FileLock held, JournalTable table)
    {
        (this.path, this.owner, this.held, this.table) = (path, owner, held, table);
        EpochStart = table.EpochStart();
        First = table.First();
    }

    /// <summary>The first record that is there.</summary>
    public long First { get; }

    /// <summary>Where the epoch in force begins: what stands before it goes.</summary>
    public long EpochStart { get; }

    /// <summary>Opens a journal that no node has open.</summary>
    /// <exception cref="JournalException">A node has it open, it is not there, damaged, or no journal.</exception>
    public static SqliteCompaction Open(string path)
    {
        string owner;
        using (var reader = SqliteJournalReader.Open(path))
        {
            (path, owner) = (reader.Path, reader.Owner);
        }

        FileLock? held = null;
        JournalTable? table = null;
        try
        {
            held = JournalDatabase.Lock(path);
            table = new JournalTable(JournalDatabase.OpenWriter(new SqliteJournalOptions { Path = path, Owner = owner }, path), path);
            var opened = new SqliteCompaction(path, owner, held, table);
            (held, table) = (null, null);
            return opened;
        }
        finally
        {
            table?.Dispose();
            held?.Dispose();
        }
    }

    /// <summary>Writes the archive, durably, and reads it again. One that an earlier attempt left behind is only read.</summary>
    /// <exception cref="JournalException">A record is damaged, the file cannot be written, or there is another one of its name.</exception>
    public async Task ArchiveAsync(string file, Action<long> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        if (!File.Exists(file))
        {
            using var writer = JournalFileWriter.Create(file, new JournalFileHead(owner, First, EpochStart, EpochStart));
            for (var position = First; position < EpochStart;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                foreach (var record in table.ReadPage(position, EpochStart))
                {
                    writer.Add(record);
                    progress(++position - First);
                }
            }

            writer.Complete();
        }

        await CompareAsync(await JournalFile.OpenAsync(file, cancellationToken), progress, cancellationToken);
    }

    /// <summary>Deletes what was archived, and gives the room back. Only after <see cref="ArchiveAsync"/>.</summary>
    /// <exception cref="JournalException">The disk refuses it, or somebody reads the journal: what was deleted is archived, only the file is not smaller yet.</exception>
    public void Shrink()
    {
        try
        {
            table.DeleteBefore(EpochStart);
            table.Vacuum();
        }
        catch (SqliteException e)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The journal {path} is whole, but could not be made smaller: {e.Message.TrimEnd('.')}. End what reads it, make room on the disk, and do it once more.",
                e);
        }
    }

    /// <summary>Closes the journal, and lets its node in again.</summary>
    public void Dispose()
    {
        table.Dispose();
        held.Dispose();
    }

    private async Task CompareAsync(JournalFile archive, Action<long> progress, CancellationToken cancellationToken)
    {
        if (archive.Head.Owner != owner || archive.Head.Next != EpochStart || archive.Head.First > First)
        {
            throw Other(archive.Path);
        }

        var page = new List<JournalRecord>();
        var read = 0;
        await foreach (var record in archive.ReadAsync(First, cancellationToken))
        {
            if (read == page.Count)
            {
                (page, read) = (table.ReadPage(record.Position, EpochStart), 0);
            }

            var stored = page[read++];
            if ((stored.Position, stored.AtMicros, stored.Type, stored.Version) != (record.Position, record.AtMicros, record.Type, record.Version)
                || !stored.Body.Span.SequenceEqual(record.Body.Span))
            {
                throw Other(archive.Path);
            }

            progress(record.Position - First + 1);
        }
    }

    private JournalException Other(string file) => new(
        JournalFailure.Permanent, $"The file {file} is not the archive of what stands in {path} before record {EpochStart}. Nothing was deleted: name another file.");
}
