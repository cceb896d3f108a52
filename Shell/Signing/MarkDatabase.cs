using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Nitro.Signing;

/// <summary>Opens the database of marks for this process alone, and refuses files that are not this key's marks.</summary>
internal static class MarkDatabase
{
    private const string SchemaVersion = "1";

    private const string Tables = """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE mark(key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
        """;

    /// <exception cref="MarksException">In use, damaged, another key's, of another version, or not marks at all.</exception>
    internal static SqliteConnection Open(string path, string owner, long maximumBytes)
    {
        var full = Path.GetFullPath(path);
        SqliteConnection? connection = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            connection = new SqliteConnection(new SqliteConnectionStringBuilder
            {
                DataSource = full,
                Pooling = false, // A pooled handle, and its lock, would survive Dispose.
                DefaultTimeout = 2,
            }.ToString());
            connection.Open();

            // Exclusive: two signers with one key could each sign what the other's marks forbid.
            Execute(connection, "PRAGMA busy_timeout=500; PRAGMA locking_mode=EXCLUSIVE");
            if (Scalar(connection, "PRAGMA journal_mode=WAL") as string != "wal")
            {
                throw Refused(full, "its file system does not support SQLite's write-ahead log", "Put it on a local disk.");
            }

            Execute(connection, "PRAGMA synchronous=FULL; PRAGMA fullfsync=ON");
            Prepare(connection, full, owner);
            if (maximumBytes > 0)
            {
                var pages = Math.Max(1, maximumBytes / (long)Scalar(connection, "PRAGMA page_size")!);
                Execute(connection, $"PRAGMA max_page_count={pages.ToString(CultureInfo.InvariantCulture)}");
            }

            var opened = connection;
            connection = null;
            return opened;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 5 or 6)
        {
            throw Refused(full, "another process uses it", "Stop that process: a key has one signer.", e);
        }
        catch (SqliteException e)
        {
            throw Refused(full, e.Message.TrimEnd('.'), "If the file is damaged, restore a backup; else check disk space and rights.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(full, e.Message.TrimEnd('.'), "Check that the folder exists and this user may write to it.", e);
        }
        finally
        {
            connection?.Dispose();
        }
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void Prepare(SqliteConnection connection, string path, string owner)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        if ((long)Scalar(connection, "SELECT count(*) FROM sqlite_schema")! == 0)
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

        if ((long)Scalar(connection, "SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'mark')")! != 2)
        {
            throw Refused(path, "it is an SQLite database but holds no marks", "Check the path.");
        }

        var schema = Scalar(connection, "SELECT value FROM meta WHERE key = 'schema'") as string;
        if (schema != SchemaVersion)
        {
            throw Refused(path, $"its schema is {schema ?? "missing"}, this program reads {SchemaVersion}", "Run the version that wrote it.");
        }

        var stored = Scalar(connection, "SELECT value FROM meta WHERE key = 'owner'") as string;
        if (stored != owner)
        {
            throw Refused(path, $"it belongs to {stored ?? "nobody"}, not to {owner}", "Check the channel key and the path.");
        }
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static MarksException Refused(string path, string cause, string next, Exception? inner = null) =>
        new($"The signer's marks {path} cannot be opened: {cause}. {next}", inner);
}
