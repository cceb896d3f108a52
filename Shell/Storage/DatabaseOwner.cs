using Microsoft.Data.Sqlite;

namespace Nitro.Storage;

/// <summary>
/// Makes a database's tables and writes into its <c>meta</c> table what it is and whose; refuses one that is another's at every later opening.
/// </summary>
/// <param name="Tables">SQL that makes all tables but <c>meta</c>.</param>
/// <param name="Table">The table it is recognised by.</param>
/// <param name="Schema">The tables' version, compared as text.</param>
/// <param name="Owner">Whose it is, such as an address.</param>
/// <param name="IfOthers">What the operator does about a database of another owner.</param>
public sealed record DatabaseOwner(string Tables, string Table, string Schema, string Owner, string IfOthers)
{
    private const string Meta = "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;";

    /// <summary>Makes or compares, in one transaction.</summary>
    /// <exception cref="StorageException">It is another's, of another version, or something else.</exception>
    internal void Claim(SqliteConnection connection, DatabaseOptions options)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        if (connection.Scalar("SELECT count(*) FROM sqlite_schema") is 0L)
        {
            connection.Execute(Meta + Tables);
            using var insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO meta VALUES ('schema', $schema), ('owner', $owner)";
            insert.Parameters.AddWithValue("$schema", Schema);
            insert.Parameters.AddWithValue("$owner", Owner);
            insert.ExecuteNonQuery();
            transaction.Commit();
            return;
        }

        if (connection.Scalar($"SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', '{Table}')") is not 2L)
        {
            throw options.Refused("it is a database of something else", "Check the path.");
        }

        var schema = connection.Scalar("SELECT value FROM meta WHERE key = 'schema'") as string;
        if (schema != Schema)
        {
            throw options.Refused($"its schema is {schema ?? "missing"}, this program reads {Schema}", "Run the version that wrote it.");
        }

        var stored = connection.Scalar("SELECT value FROM meta WHERE key = 'owner'") as string;
        if (stored != Owner)
        {
            throw options.Refused($"it belongs to {stored ?? "nobody"}, not to {Owner}", IfOthers);
        }
    }
}
