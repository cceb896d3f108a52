using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>A journal's file read beside the node that may be writing it: takes no lock, and changes nothing. For one reader at a time.</summary>
public sealed class SqliteJournalReader : IJournalRecords, IDisposable
{
    private readonly JournalTable table;

    private SqliteJournalReader(string path, string owner, JournalTable table)
    {
        Path = path;
        Owner = owner;
        this.table = table;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Whose journal it is: the tenant's address.</summary>
    public string Owner { get; }

    /// <summary>The first record that is there; above 0 once earlier epochs were archived.</summary>
    public long First => Read(table.First);

    /// <summary>The position after the last record, now.</summary>
    public long Next => Read(table.Head);

    /// <summary>Where the epoch in force begins, now.</summary>
    public long EpochStart => Read(table.EpochStart);

    /// <summary>Opens a journal that is there.</summary>
    /// <exception cref="JournalException">It is not there, damaged, of another version, or no journal.</exception>
    public static SqliteJournalReader Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        RequireFile(full);
        SqliteConnection? connection = null;
        try
        {
            connection = JournalDatabase.OpenReader(new SqliteJournalOptions { Path = full, Owner = string.Empty }, full);
            var opened = new SqliteJournalReader(full, JournalDatabase.OwnerOf(connection, full), new JournalTable(connection, full));
            connection = null;
            return opened;
        }
        catch (SqliteException e)
        {
            throw Unreadable(full, e);
        }
        finally
        {
            connection?.Dispose();
        }
    }

    /// <summary>The last record of a type, up to a position and a time (microseconds since 1970); null where there is none.</summary>
    public long? Last(string type, long upTo, long atMicros) => Read(() => table.Last(type, upTo, atMicros));

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken) => ReadAsync(from, Next, cancellationToken);

    /// <summary>Records from one position on and before another.</summary>
    /// <exception cref="JournalException">A record is missing or damaged; the message names its position.</exception>
    public async IAsyncEnumerable<JournalRecord> ReadAsync(
        long from, long end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var position = from; position < end;)
        {
            // Each page is a statement of its own, so that a slow reader never keeps the write-ahead log from being emptied.
            var first = position;
            var page = await Task.Run(() => table.ReadPage(first, end), cancellationToken);
            foreach (var record in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return record;
            }

            position += page.Count;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => table.Dispose();

    /// <summary>SQLite would tell neither of these apart. The file is not opened: closing it would end the locks that this process has on it.</summary>
    private static void RequireFile(string path)
    {
        try
        {
            var attributes = File.GetAttributes(path);
            if (attributes.HasFlag(FileAttributes.Directory))
            {
                throw new JournalException(JournalFailure.Permanent, $"{path} is a folder, and no journal. Name the file in it.");
            }

            if (new FileInfo(path).Length == 0)
            {
                throw new JournalException(JournalFailure.Permanent, $"The journal {path} cannot be read: the file is empty. Check the path; if it was a journal, restore a backup.");
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new JournalException(JournalFailure.Permanent, $"There is no journal {path}. Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException(JournalFailure.Permanent, $"The journal {path} cannot be read: {e.Message.TrimEnd('.')}. Check the rights of the file and of its folders.", e);
        }
    }

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqliteException e)
        {
            throw Unreadable(Path, e);
        }
    }

    private static JournalException Unreadable(string path, SqliteException e) => new(
        JournalFailure.Permanent,
        $"The journal {path} cannot be read: {e.Message.TrimEnd('.')}. Check that it is a journal and readable; if it is damaged, restore a backup.",
        e);
}
