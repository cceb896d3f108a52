using Microsoft.Data.Sqlite;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Journal;

/// <summary>Opens connections to a journal file, and refuses files that are not this owner's journal.</summary>
internal static class JournalDatabase
{
    private const string Schema = "1";

    private const string Tables = """
        CREATE TABLE record(
            position INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            type TEXT NOT NULL,
            version INTEGER NOT NULL,
            body BLOB NOT NULL,
            checksum INTEGER NOT NULL) STRICT;
        """;

    /// <summary>Keeps a second process out of a journal. Others may read it meanwhile, so SQLite's own locks cannot.</summary>
    /// <exception cref="JournalException">Another process holds the lock, or the file cannot be made.</exception>
    internal static FileLock Lock(string path)
    {
        var file = path + ".lock";
        try
        {
            return FileLock.TryTake(file) ?? throw new JournalException(
                JournalFailure.Permanent,
                $"The journal {path} is in use: another node process holds {file}. A journal has one writer. "
                + $"Stop that process (`fuser {file}` names it) or give this node another journal.");
        }
        catch (StorageException e)
        {
            throw new JournalException(JournalFailure.Permanent, e.Message, e);
        }
    }

    /// <summary>A connection for the writer, on a file that is known to be this owner's journal.</summary>
    /// <exception cref="JournalException">The file is damaged, another owner's, of another version, or no journal.</exception>
    internal static SqliteConnection OpenWriter(SqliteJournalOptions options, string path)
    {
        try
        {
            return DurableDatabase.Open(
                Database(options, path),
                new DatabaseOwner(Tables, Table: "record", Schema, options.Owner, IfOthers: "Check the tenant's key and the journal's path."));
        }
        catch (StorageException e)
        {
            throw new JournalException(JournalFailure.Permanent, e.Message, e);
        }
    }

    /// <summary>A connection that cannot write.</summary>
    /// <exception cref="SqliteException">The file is gone or unreadable.</exception>
    internal static SqliteConnection OpenReader(SqliteJournalOptions options, string path) =>
        DurableDatabase.OpenReader(Database(options, path));

    /// <summary>Whose journal a connection is on.</summary>
    /// <exception cref="JournalException">It is on something else, or on a journal of another version.</exception>
    /// <exception cref="SqliteException">The file is no database, or damaged.</exception>
    internal static string OwnerOf(SqliteConnection connection, string path)
    {
        if (connection.Scalar("SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'record')") is not 2L)
        {
            throw Refused("it is a database of something else", "Check the path.");
        }

        if (connection.Scalar("SELECT value FROM meta WHERE key = 'schema'") is not Schema and var schema)
        {
            throw Refused($"its schema is {schema ?? "missing"}, this program reads {Schema}", "Run the version that wrote it.");
        }

        return connection.Scalar("SELECT value FROM meta WHERE key = 'owner'") as string ?? throw Refused("it belongs to nobody", "Restore a backup.");

        JournalException Refused(string cause, string next) =>
            new(JournalFailure.Permanent, $"The journal {path} cannot be opened: {cause}. {next}");
    }

    private static DatabaseOptions Database(SqliteJournalOptions options, string path) => new()
    {
        Title = "The journal",
        Path = path,
        IfInUse = "Stop that process: a journal has one writer.",
        BusyTimeout = options.BusyTimeout,
        MaximumBytes = options.MaximumBytes,
    };
}
