using Microsoft.Data.Sqlite;
using Nitro.Storage;

namespace Nitro.Signing;

/// <summary>
/// Opens a signer's database for this process alone, and refuses files that are not this key's. One of the first schema held marks alone,
/// without the channels that they are about: it is refused, since nothing can be judged by it.
/// </summary>
internal static class MarkDatabase
{
    private const string Tables =
        """
        CREATE TABLE mark(key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE whole(one INTEGER PRIMARY KEY, digest BLOB NOT NULL) STRICT;
        CREATE TABLE lease(one INTEGER PRIMARY KEY, token INTEGER NOT NULL) STRICT;
        INSERT INTO lease VALUES (1, 0);
        """;

    /// <exception cref="MarksException">In use, damaged, another key's, of another version, or not marks at all.</exception>
    internal static SqliteConnection Open(string path, string owner, long maximumBytes)
    {
        try
        {
            return DurableDatabase.Open(
                new DatabaseOptions
                {
                    Title = "The signer's memory",
                    Path = Path.GetFullPath(path),
                    IsExclusive = true, // two signers with one key could each sign what the other's marks forbid
                    IfInUse = "Stop that process: a key has one signer.",
                    MaximumBytes = maximumBytes,
                },
                new DatabaseOwner(Tables, Table: "mark", Schema: "2", owner, IfOthers: "Check the channel key and the path."));
        }
        catch (StorageException e)
        {
            throw new MarksException(e.Message, e);
        }
    }
}
