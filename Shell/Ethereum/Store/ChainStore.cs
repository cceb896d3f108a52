using System.Globalization;
using Microsoft.Data.Sqlite;
using Nitro.Storage;

namespace Nitro.Ethereum.Store;

/// <summary>
/// The adapter's own database (<c>chain.db</c>): progress of the follower and the transactions under way. It belongs to one
/// chain, account and contract, and to one process at a time.
/// </summary>
internal sealed class ChainStore : IDisposable
{
    private const string Called = "called";
    private const string Layout = "1";
    private const string ChainId = "chain id";
    private const string Title = "The chain store";
    private const string IfInUse = "Stop that process: an account has one sender.";
    private readonly SqliteConnection _connection;
    private readonly string _path;

    private ChainStore(SqliteConnection connection, string path)
    {
        _connection = connection;
        _path = path;
    }

    /// <summary>Taken for every statement and transaction: follower and transactions share the connection.</summary>
    public Lock Gate { get; } = new();

    /// <exception cref="EthereumSetupException">The file belongs to another chain, account or contract, is in use, or is unreadable.</exception>
    public static ChainStore Open(string path, ulong? chainId, ReadOnlyMemory<byte> account, ReadOnlyMemory<byte> contract)
    {
        ChainStore? store = null;
        var options = new DatabaseOptions
        {
            Title = Title,
            Path = path,
            IsExclusive = true, // two processes that send from one account would take each other's nonces
            IfInUse = IfInUse,
        };
        try
        {
            DurableDatabase.Open(options, connection =>
            {
                store = new ChainStore(connection, path);
                store.Prepare();
                store.Own("account", Hex.Bytes(account.Span));
                store.Own("contract", Hex.Bytes(contract.Span));
                if (chainId is { } id)
                {
                    // Compared only: a mistyped chain id must not become the store's before a node has confirmed it.
                    store.Owns(ChainId, id.ToString(CultureInfo.InvariantCulture));
                }
            });
            return store!;
        }
        catch (StorageException problem)
        {
            throw new EthereumSetupException(problem.Message, problem);
        }
    }

    /// <summary>Whether the store at this path, which nobody has open, ever held a call. One that cannot be read may have.</summary>
    public static bool HeldCalls(string path)
    {
        try
        {
            using var connection = DurableDatabase.OpenReader(new DatabaseOptions { Title = Title, Path = path, IfInUse = IfInUse });
            return connection.Scalar($"SELECT (SELECT count(*) FROM calls) + (SELECT count(*) FROM meta WHERE name = '{Called}')") is not 0L;
        }
        catch (SqliteException)
        {
            return true;
        }
    }

    /// <summary>Calls are removed once they are final; that there were some stays.</summary>
    public void NoteCall() => SetMeta(Called, "yes");

    /// <summary>Binds the store to a chain, once.</summary>
    /// <exception cref="EthereumSetupException">It is bound to another.</exception>
    public void OwnChain(ulong chainId) => Own(ChainId, chainId.ToString(CultureInfo.InvariantCulture));

    public string? Meta(string name)
    {
        lock (Gate)
        {
            using var command = Command("SELECT value FROM meta WHERE name = $name", ("$name", name));
            return command.ExecuteScalar() as string;
        }
    }

    public void SetMeta(string name, string value)
    {
        lock (Gate)
        {
            Execute("INSERT INTO meta (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = $value", ("$name", name), ("$value", value));
        }
    }

    /// <summary>Runs everything in one durable transaction.</summary>
    public void Atomically(Action work)
    {
        lock (Gate)
        {
            using var transaction = _connection.BeginTransaction();
            work();
            transaction.Commit();
        }
    }

    public void Execute(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        lock (Gate)
        {
            using var command = Command(sql, parameters);
            command.ExecuteNonQuery();
        }
    }

    /// <summary>All rows of a query, read before the gate is left.</summary>
    public List<T> Rows<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        lock (Gate)
        {
            using var command = Command(sql, parameters);
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return rows;
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            _connection.Dispose();
        }
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    private void Prepare()
    {
        Execute("PRAGMA foreign_keys = ON");
        Execute(
            """
            BEGIN IMMEDIATE;
            CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS final (height INTEGER PRIMARY KEY, hash BLOB NOT NULL, time INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS calls (
                effect INTEGER PRIMARY KEY, description TEXT NOT NULL, status INTEGER NOT NULL,
                forgotten INTEGER NOT NULL, reason TEXT NOT NULL, mined INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS steps (
                effect INTEGER NOT NULL REFERENCES calls (effect) ON DELETE CASCADE, step INTEGER NOT NULL,
                target BLOB NOT NULL, value BLOB NOT NULL, data BLOB NOT NULL, PRIMARY KEY (effect, step));
            CREATE TABLE IF NOT EXISTS evidence (
                effect INTEGER NOT NULL REFERENCES calls (effect) ON DELETE CASCADE, place INTEGER NOT NULL,
                item BLOB NOT NULL, PRIMARY KEY (effect, place));
            CREATE TABLE IF NOT EXISTS contexts (
                effect INTEGER NOT NULL REFERENCES calls (effect) ON DELETE CASCADE, place INTEGER NOT NULL,
                method TEXT NOT NULL, payload BLOB NOT NULL, envelope BLOB NOT NULL, signature BLOB NOT NULL,
                device BLOB NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (effect, place));
            CREATE TABLE IF NOT EXISTS attempts (
                id INTEGER PRIMARY KEY, effect INTEGER NOT NULL REFERENCES calls (effect) ON DELETE CASCADE, step INTEGER NOT NULL,
                nonce INTEGER NOT NULL, tip TEXT NOT NULL, fee TEXT NOT NULL, gas INTEGER NOT NULL,
                hash BLOB NOT NULL, raw BLOB NOT NULL, height INTEGER NOT NULL, lost INTEGER NOT NULL);
            CREATE INDEX IF NOT EXISTS attempts_by_call ON attempts (effect);
            COMMIT;
            """);
        Own("layout", Layout);
    }

    private void Own(string name, string value)
    {
        if (!Owns(name, value))
        {
            SetMeta(name, value);
        }
    }

    /// <summary>False while nothing is said about it.</summary>
    private bool Owns(string name, string value) => Meta(name) switch
    {
        null => false,
        var stored when stored == value => true,
        var stored => throw new EthereumSetupException(
            $"The chain store {_path} was made for {name} {stored}, not {value}: correct the configuration, or give another data folder."),
    };
}
