using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>The statements on the table of records, prepared on one connection, which it owns. For one thread at a time.</summary>
internal sealed class JournalTable : IDisposable
{
    private const int PageRecords = 512;
    private const int PageBytes = 1024 * 1024;

    private readonly SqliteConnection connection;
    private readonly string path;
    private readonly Checksum checksum = new();
    private readonly SqliteCommand begin;
    private readonly SqliteCommand commit;
    private readonly SqliteCommand rollback;
    private readonly SqliteCommand head;
    private readonly SqliteCommand read;
    private readonly SqliteCommand insert;
    private readonly SqliteCommand epoch;
    private readonly SqliteCommand setEpoch;
    private readonly SqliteParameter from;
    private readonly SqliteParameter to;
    private readonly SqliteParameter[] columns;

    /// <param name="connection">On a journal's file.</param>
    /// <param name="path">That file, for messages.</param>
    /// <param name="firstPosition">Of a journal that has no record yet.</param>
    internal JournalTable(SqliteConnection connection, string path, long firstPosition = 0)
    {
        this.connection = connection;
        this.path = path;
        begin = Command("BEGIN IMMEDIATE");
        commit = Command("COMMIT");
        rollback = Command("ROLLBACK");
        head = Command("SELECT coalesce(max(position) + 1, $first) FROM record");
        head.Parameters.AddWithValue("$first", firstPosition);
        read = Command(
            "SELECT position, at, type, version, body, checksum FROM record WHERE position >= $from AND position < $to ORDER BY position");
        from = read.Parameters.Add("$from", SqliteType.Integer);
        to = read.Parameters.Add("$to", SqliteType.Integer);
        epoch = Command("SELECT value FROM meta WHERE key = 'epoch'");
        setEpoch = Command("INSERT INTO meta VALUES ('epoch', $start) ON CONFLICT(key) DO UPDATE SET value = excluded.value");
        setEpoch.Parameters.Add("$start", SqliteType.Text);
        insert = Command("INSERT INTO record VALUES ($position, $at, $type, $version, $body, $checksum)");
        columns =
        [
            insert.Parameters.Add("$position", SqliteType.Integer),
            insert.Parameters.Add("$at", SqliteType.Integer),
            insert.Parameters.Add("$type", SqliteType.Text),
            insert.Parameters.Add("$version", SqliteType.Integer),
            insert.Parameters.Add("$body", SqliteType.Blob),
            insert.Parameters.Add("$checksum", SqliteType.Integer),
        ];
    }

    /// <summary>Takes SQLite's write lock, so that what is read from here to the commit is still true at the commit.</summary>
    internal void Begin() => begin.ExecuteNonQuery();

    internal void Commit() => commit.ExecuteNonQuery();

    internal void Rollback() => rollback.ExecuteNonQuery();

    /// <summary>The position after the last record.</summary>
    internal long Head() => (long)head.ExecuteScalar()!;

    /// <summary>The position of the first record that is there, or of the next one where there is none.</summary>
    internal long First()
    {
        using var first = Command("SELECT min(position) FROM record");
        return first.ExecuteScalar() is long position ? position : Head();
    }

    /// <summary>
    /// The last record of that type up to a position and a time; null where there is none. Reads all records before it: for tools.
    /// </summary>
    internal long? Last(string type, long upTo, long atMicros)
    {
        using var last = Command("SELECT max(position) FROM record WHERE position <= $position AND at <= $at AND type = $type");
        last.Parameters.AddWithValue("$position", upTo);
        last.Parameters.AddWithValue("$at", atMicros);
        last.Parameters.AddWithValue("$type", type);
        return last.ExecuteScalar() as long?;
    }

    /// <summary>Takes away what stands before a position, all of it or nothing.</summary>
    internal void DeleteBefore(long position)
    {
        using var delete = Command("DELETE FROM record WHERE position < $position");
        delete.Parameters.AddWithValue("$position", position);
        delete.ExecuteNonQuery();
    }

    /// <summary>Writes the file anew without the room that nothing fills, and empties the write-ahead log.</summary>
    internal void Vacuum()
    {
        using var vacuum = Command("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
        vacuum.ExecuteNonQuery();
    }

    /// <summary>The position at which the epoch in force begins; 0 where none was ever opened.</summary>
    /// <exception cref="JournalException">What stands there is no position of the journal.</exception>
    internal long EpochStart()
    {
        if (epoch.ExecuteScalar() is not string text)
        {
            return 0;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var start) && start < Head()
            ? start
            : throw new JournalException(
                JournalFailure.Permanent,
                $"The journal {path} is damaged: it says that its epoch begins at {text}, where it has no record. "
                + "Keep the file as it is for inspection and restore a backup.");
    }

    internal void SetEpochStart(long start)
    {
        setEpoch.Parameters[0].Value = start.ToString(CultureInfo.InvariantCulture);
        setEpoch.ExecuteNonQuery();
    }

    internal void Insert(long position, in JournalEntry entry)
    {
        columns[0].Value = position;
        columns[1].Value = entry.AtMicros;
        columns[2].Value = entry.Type;
        columns[3].Value = (long)entry.Version;
        columns[4].Value = ToArray(entry.Body);
        columns[5].Value = checksum.Of(position, entry.AtMicros, entry.Type, entry.Version, entry.Body.Span);
        insert.ExecuteNonQuery();
    }

    /// <summary>
    /// Records from <paramref name="first"/> on and before <paramref name="end"/>: at least one, at most about 1 MiB or 512.
    /// A page ends before a record that is damaged, so that the next page starts with it and throws.
    /// </summary>
    /// <exception cref="JournalException">The first record asked for is missing or damaged.</exception>
    internal List<JournalRecord> ReadPage(long first, long end)
    {
        var page = new List<JournalRecord>();
        var bytes = 0;
        try
        {
            from.Value = first;
            to.Value = end;
            using var rows = read.ExecuteReader();
            while (page.Count < PageRecords && bytes < PageBytes && rows.Read())
            {
                var record = Decode(rows, first + page.Count);
                page.Add(record);
                bytes += record.Body.Length;
            }

            return page.Count > 0 ? page : throw Damaged(first, "it is missing");
        }
        catch (Exception e) when (IsDamage(e))
        {
            return page.Count > 0 ? page : throw e as JournalException ?? Damaged(first, e.Message.TrimEnd('.'), e);
        }
    }

    public void Dispose()
    {
        checksum.Dispose();
        connection.Dispose(); // Finalizes the statements, and rolls back what was begun.
    }

    // A damaged page may show itself as an error of SQLite, or as a column of another type or range.
    private static bool IsDamage(Exception e) =>
        e is SqliteException or JournalException
            or InvalidCastException or InvalidOperationException or FormatException or OverflowException;

    private static byte[] ToArray(ReadOnlyMemory<byte> body) =>
        MemoryMarshal.TryGetArray(body, out var segment) && segment.Array is { } array && array.Length == body.Length
            ? array
            : body.ToArray();

    private JournalRecord Decode(SqliteDataReader rows, long position)
    {
        if (rows.GetInt64(0) != position)
        {
            throw Damaged(position, $"it is missing (the next one is {rows.GetInt64(0)})");
        }

        var at = rows.GetInt64(1);
        var type = rows.GetString(2);
        var version = rows.GetInt64(3);
        var body = rows.GetFieldValue<byte[]>(4);
        if (version != (int)version || checksum.Of(position, at, type, version, body) != rows.GetInt64(5))
        {
            throw Damaged(position, "its checksum does not match its content");
        }

        return new JournalRecord(position, at, type, (int)version, body);
    }

    private JournalException Damaged(long position, string cause, Exception? inner = null) => new(
        JournalFailure.Permanent,
        $"Record {position} of the journal {path} is damaged: {cause}. Nothing after it can be used. "
        + "Keep the file as it is for inspection and restore a backup.",
        inner);

    private SqliteCommand Command(string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}
