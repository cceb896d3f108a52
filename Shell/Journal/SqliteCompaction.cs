using Microsoft.Data.Sqlite;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Journal;

/// <summary>
/// Takes the epochs before the one in force out of a SQLite journal, into an archive. However it ends, every record is in the archive or
/// in the journal; doing it once more finishes it. No node can open the journal meanwhile.
/// </summary>
public sealed class SqliteCompaction : IJournalCompaction
{
    private readonly SqliteJournalReader reader;
    private readonly FileLock held;
    private readonly JournalTable table;

    private SqliteCompaction(SqliteJournalReader reader, FileLock held, JournalTable table) => (this.reader, this.held, this.table) = (reader, held, table);

    /// <inheritdoc/>
    public string Title => $"the journal {reader.Path}";

    /// <inheritdoc/>
    public long First => reader.First;

    /// <inheritdoc/>
    public long EpochStart => reader.EpochStart;

    /// <summary>Opens a journal that no node has open.</summary>
    /// <exception cref="JournalException">A node has it open, it is not there, damaged, or no journal.</exception>
    public static SqliteCompaction Open(string path)
    {
        SqliteJournalReader? reader = null;
        FileLock? held = null;
        JournalTable? table = null;
        try
        {
            reader = SqliteJournalReader.Open(path);
            held = JournalDatabase.Lock(reader.Path);
            table = new JournalTable(JournalDatabase.OpenWriter(new SqliteJournalOptions { Path = reader.Path, Owner = reader.Owner }, reader.Path), reader.Path);
            var opened = new SqliteCompaction(reader, held, table);
            (reader, held, table) = (null, null, null);
            return opened;
        }
        finally
        {
            table?.Dispose();
            held?.Dispose();
            reader?.Dispose();
        }
    }

    /// <inheritdoc/>
    public Task ArchiveAsync(string file, Action<long> progress, CancellationToken cancellationToken) =>
        JournalArchive.WriteAsync(reader, Title, reader.Owner, file, progress, cancellationToken);

    /// <summary>Deletes what was archived, and gives the room back.</summary>
    /// <exception cref="JournalException">The disk refuses it, or somebody reads the journal: what was deleted is archived, only the file is not smaller yet.</exception>
    public Task ShrinkAsync(CancellationToken cancellationToken) => Task.Run(Shrink, cancellationToken);

    /// <summary>Closes the journal, and lets its node in again.</summary>
    public void Dispose()
    {
        reader.Dispose();
        table.Dispose();
        held.Dispose();
    }

    private void Shrink()
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
                $"The journal {reader.Path} is whole, but could not be made smaller: {e.Message.TrimEnd('.')}. End what reads it, make room on the disk, and do it once more.",
                e);
        }
    }
}
