using System.Globalization;
using Microsoft.Data.Sqlite;
using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>Opens connections to a journal file, makes its tables, and refuses files that are not this owner's journal.</summary>
internal static class JournalDatabase
{
    private const string SchemaVersion = "1";

    private const string Tables = """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE record(
            position INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            type TEXT NOT NULL,
            version INTEGER NOT NULL,
            body BLOB NOT NULL,
            checksum INTEGER NOT NULL) STRICT;
        """;

    /// <summary>A connection for the writer, on a file that is known to be this owner's journal.</summary>
    /// <exception cref="JournalException">The file is damaged, another owner's, of another version, or no journal.</exception>
    internal static SqliteConnection OpenWriter(SqliteJournalOptions options, string path)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(options, path, SqliteOpenMode.ReadWriteCreate);
            if (Scalar(connection, "PRAGMA journal_mode=WAL") as string != "wal")
            {
                throw Refused(path, "its file system does not support SQLite's write-ahead log", "Put it on a local disk.");
            }

            // One fsync per commit: what was acknowledged survives loss of power. (NORMAL would do none.)
            Execute(connection, "PRAGMA synchronous=FULL; PRAGMA fullfsync=ON");
            if (Scalar(connection, "PRAGMA synchronous") is not 2L)
            {
                throw Refused(path, "this build of SQLite does not let commits be durable", "Use the SQLite that comes with the program.");
            }

            Prepare(connection, path, options.Owner);
            if (options.MaximumBytes > 0)
            {
                var pages = Math.Max(1, options.MaximumBytes / (long)Scalar(connection, "PRAGMA page_size")!);
                Execute(connection, $"PRAGMA max_page_count={pages.ToString(CultureInfo.InvariantCulture)}");
            }

            var opened = connection;
            connection = null;
            return opened;
        }
        catch (SqliteException e)
        {
            throw Refused(path, e.Message.TrimEnd('.'), "If the file is damaged, restore a backup; else check disk space and rights.", e);
        }
        finally
        {
            connection?.Dispose();
        }
    }

    /// <summary>A connection that cannot write.</summary>
    /// <exception cref="SqliteException">The file is gone or unreadable.</exception>
    internal static SqliteConnection OpenReader(SqliteJournalOptions options, string path) =>
        Connect(options, path, SqliteOpenMode.ReadOnly);

    private static SqliteConnection Connect(SqliteJournalOptions options, string path, SqliteOpenMode mode)
    {
        var text = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false, // A pooled handle, and its locks, would survive Dispose.
            DefaultTimeout = Math.Max(1, (int)options.BusyTimeout.TotalSeconds),
        };
        var connection = new SqliteConnection(text.ToString());
        try
        {
            connection.Open();
            var milliseconds = ((int)options.BusyTimeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
            Execute(connection, $"PRAGMA busy_timeout={milliseconds}");
            return connection;
        }
        catch (SqliteException)
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Prepare(SqliteConnection connection, string path, string owner)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        var tables = (long)Scalar(connection, "SELECT count(*) FROM sqlite_schema")!;
        if (tables == 0)
        {
            Execute(connection, Tables);
            using var insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO meta VALUES ('schema', $schema), ('owner', $owner)";
            insert.Parameters.AddWithValue("$schema", SchemaVersion);
            insert.Parameters.AddWithValue("$owner", owner);
            insert.ExecuteNonQuery();
            transaction.Commit();
            return;
        }

        if ((long)Scalar(connection, "SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'record')")! != 2)
        {
            throw Refused(path, "it is an SQLite database but not a journal", "Check the path.");
        }

        var schema = Scalar(connection, "SELECT value FROM meta WHERE key = 'schema'") as string;
        if (schema != SchemaVersion)
        {
            throw Refused(path, $"its schema is {schema ?? "missing"}, not {SchemaVersion}", "Run the version that wrote it.");
        }

        var stored = Scalar(connection, "SELECT value FROM meta WHERE key = 'owner'") as string;
        if (stored != owner)
        {
            throw Refused(path, $"it belongs to {stored ?? "nobody"}, not to {owner}", "Check the tenant's key and the journal's path.");
        }
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static JournalException Refused(string path, string cause, string next, Exception? inner = null) =>
        new(JournalFailure.Permanent, $"The journal {path} cannot be opened: {cause}. {next}", inner);
}
