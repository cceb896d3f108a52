using Microsoft.Data.Sqlite;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Journal;

/// <summary>Opens connections to a journal file, and refuses files that are not this owner's journal.</summary>
internal static class JournalDatabase
{
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
                new DatabaseOwner(Tables, Table: "record", Schema: "1", options.Owner, IfOthers: "Check the tenant's key and the journal's path."));
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

    private static DatabaseOptions Database(SqliteJournalOptions options, string path) => new()
    {
        Title = "The journal",
        Path = path,
        IfInUse = "Stop that process: a journal has one writer.",
        BusyTimeout = options.BusyTimeout,
        MaximumBytes = options.MaximumBytes,
    };
}
