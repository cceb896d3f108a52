using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Nitro.Storage;

/// <summary>Opens SQLite files that only their owner can read and whose commits outlive a loss of power.</summary>
public static class DurableDatabase
{
    private const int CannotOpen = 14;

    /// <summary>A connection that may write, once <paramref name="prepare"/> has made or checked what is in the file.</summary>
    /// <exception cref="StorageException">It is in use or damaged, or the path cannot be used.</exception>
    public static SqliteConnection Open(DatabaseOptions options, Action<SqliteConnection> prepare)
    {
        ArgumentNullException.ThrowIfNull(prepare);
        SqliteConnection? connection = null;
        try
        {
            MakeFile(options.Path);
            var isLeft = HasLog(options.Path); // Whoever closes a database in peace leaves none.
            connection = Connect(options, SqliteOpenMode.ReadWriteCreate);
            MakeDurable(connection, options);
            prepare(connection);
            if (isLeft)
            {
                Settle(connection);
            }

            if (options.MaximumBytes > 0)
            {
                var pages = Math.Max(1, options.MaximumBytes / (long)connection.Scalar("PRAGMA page_size")!);
                connection.Execute($"PRAGMA max_page_count={pages.ToString(CultureInfo.InvariantCulture)}");
            }

            var opened = connection;
            connection = null;
            return opened;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 5 or 6)
        {
            throw options.Refused("another process uses it", options.IfInUse, e);
        }
        catch (SqliteException e)
        {
            throw options.Refused(e.Message.TrimEnd('.'), "If the file is damaged, restore a backup; else check disk space and rights.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw options.Refused(e.Message.TrimEnd('.'), "Check that this user may write to the file and its folder.", e);
        }
        finally
        {
            connection?.Dispose();
        }
    }

    /// <summary>The same for a database that has an owner.</summary>
    /// <exception cref="StorageException">Besides: it is another owner's, of another version, or something else.</exception>
    public static SqliteConnection Open(DatabaseOptions options, DatabaseOwner owner) =>
        Open(options, connection => owner.Claim(connection, options));

    /// <summary>A connection that cannot write. Where not even SQLite's own notes can be written beside the file, as on read-only media, it is taken to stay as it is.</summary>
    /// <exception cref="SqliteException">The file is gone or unreadable.</exception>
    public static SqliteConnection OpenReader(DatabaseOptions options)
    {
        var connection = Connect(options, SqliteOpenMode.ReadOnly);
        try
        {
            connection.Scalar("SELECT count(*) FROM sqlite_schema");
            return connection;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == CannotOpen && File.Exists(options.Path) && !HasLog(options.Path))
        {
            connection.Dispose();
            return Connect(options, SqliteOpenMode.ReadOnly, new Uri(Path.GetFullPath(options.Path)).AbsoluteUri + "?immutable=1");
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Runs statements that give no rows.</summary>
    public static void Execute(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The first value a query gives, or null.</summary>
    public static object? Scalar(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    /// <summary>
    /// SQLite gives <c>-wal</c> and <c>-shm</c> the permissions of the file they stand beside, so that one is made first. A file that exists is
    /// never opened here: closing it would end the locks that SQLite holds on it elsewhere in this process.
    /// </summary>
    private static void MakeFile(string path)
    {
        if (path == DatabaseOptions.InMemory || File.Exists(path))
        {
            return;
        }

        OwnerOnly.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        try
        {
            OwnerOnly.CreateFile(path).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first; which of them may have the database is SQLite's to say.
        }
    }

    private static bool HasLog(string path) => new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };

    private static SqliteConnection Connect(DatabaseOptions options, SqliteOpenMode mode, string? source = null)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = source ?? options.Path,
            Mode = mode,
            Pooling = false, // A pooled handle, and its locks, would survive Dispose.
            DefaultTimeout = Math.Max(1, (int)options.BusyTimeout.TotalSeconds), // 0 would be for ever
        }.ToString());
        try
        {
            connection.Open();
            var milliseconds = ((int)options.BusyTimeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
            connection.Execute($"PRAGMA busy_timeout={milliseconds}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What can be read here is durable afterwards. After a process was killed in the midst of a commit, or a disk failed once, SQLite takes what the
    /// system still has in memory for committed: whoever then acts on it could lose it to a loss of power. A checkpoint writes the log down and
    /// copies it; the commit does the first also where a reader keeps a checkpoint from beginning.
    /// </summary>
    private static void Settle(SqliteConnection connection)
    {
        connection.Execute("PRAGMA wal_checkpoint(PASSIVE)");
        var opened = (long)connection.Scalar("PRAGMA user_version")!;
        connection.Execute($"PRAGMA user_version={((opened + 1) % int.MaxValue).ToString(CultureInfo.InvariantCulture)}");
    }

    private static void MakeDurable(SqliteConnection connection, DatabaseOptions options)
    {
        if (options.IsExclusive)
        {
            connection.Execute("PRAGMA locking_mode=EXCLUSIVE");
        }

        var mode = connection.Scalar("PRAGMA journal_mode=WAL") as string;
        if (mode != "wal" && options.Path != DatabaseOptions.InMemory)
        {
            throw options.Refused("its file system does not support SQLite's write-ahead log", "Put it on a local disk.");
        }

        // One fsync per commit: what was acknowledged survives loss of power. (NORMAL would do none.)
        connection.Execute("PRAGMA synchronous=FULL; PRAGMA fullfsync=ON");
        if (connection.Scalar("PRAGMA synchronous") is not 2L)
        {
            throw options.Refused("this build of SQLite does not let commits be durable", "Use the SQLite that comes with the program.");
        }
    }
}
