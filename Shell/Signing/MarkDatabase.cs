using Microsoft.Data.Sqlite;
using Nitro.Storage;

namespace Nitro.Signing;

/// <summary>Opens the database of marks for this process alone, and refuses files that are not this key's marks.</summary>
internal static class MarkDatabase
{
    private const string Tables = "CREATE TABLE mark(key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;";

    /// <exception cref="MarksException">In use, damaged, another key's, of another version, or not marks at all.</exception>
    internal static SqliteConnection Open(string path, string owner, long maximumBytes)
    {
        try
        {
            return DurableDatabase.Open(
                new DatabaseOptions
                {
                    Title = "The signer's marks",
                    Path = Path.GetFullPath(path),
                    IsExclusive = true, // two signers with one key could each sign what the other's marks forbid
                    IfInUse = "Stop that process: a key has one signer.",
                    MaximumBytes = maximumBytes,
                },
                new DatabaseOwner(Tables, Table: "mark", Schema: "1", owner, IfOthers: "Check the channel key and the path."));
        }
        catch (StorageException e)
        {
            throw new MarksException(e.Message, e);
        }
    }
}
