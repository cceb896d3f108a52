using Microsoft.Data.Sqlite;

namespace Nitro.Signing;

/// <summary>The marks of one key: a table with a cache over it. Used by one thread at a time.</summary>
internal sealed class MarkStore : IDisposable
{
    /// <summary>The cache is emptied when it has grown to this; the table has everything.</summary>
    private const int MostCached = 4096;

    private readonly SqliteConnection connection;
    private readonly SqliteCommand read;
    private readonly SqliteParameter readKey;
    private readonly SqliteCommand write;
    private readonly SqliteParameter writeKey;
    private readonly SqliteParameter writeValue;
    private readonly Dictionary<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> cache = new(MarkKey.Comparer);

    internal MarkStore(SqliteConnection connection)
    {
        this.connection = connection;
        read = connection.CreateCommand();
        read.CommandText = "SELECT value FROM mark WHERE key = $key";
        readKey = read.Parameters.Add("$key", SqliteType.Blob);
        write = connection.CreateCommand();
        write.CommandText = "INSERT INTO mark VALUES ($key, $value) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        writeKey = write.Parameters.Add("$key", SqliteType.Blob);
        writeValue = write.Parameters.Add("$value", SqliteType.Blob);
    }

    /// <summary>The stored value, empty where there is none.</summary>
    /// <exception cref="SqliteException">The table cannot be read.</exception>
    internal ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> key)
    {
        if (cache.TryGetValue(key, out var known))
        {
            return known;
        }

        readKey.Value = key.ToArray();
        ReadOnlyMemory<byte> value = read.ExecuteScalar() as byte[] ?? [];
        Remember(key, value);
        return value;
    }

    /// <summary>Stores all or none; durable on return.</summary>
    /// <exception cref="SqliteException">It is unknown what is stored. Read again: the cache has forgotten.</exception>
    internal void Store(IReadOnlyDictionary<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> marks)
    {
        try
        {
            using var transaction = connection.BeginTransaction(deferred: false);
            write.Transaction = transaction;
            foreach (var (key, value) in marks)
            {
                writeKey.Value = key.ToArray();
                writeValue.Value = value.ToArray();
                write.ExecuteNonQuery();
            }

            transaction.Commit();
        }
        catch
        {
            cache.Clear();
            throw;
        }
        finally
        {
            write.Transaction = null;
        }

        foreach (var (key, value) in marks)
        {
            Remember(key, value);
        }
    }

    public void Dispose()
    {
        read.Dispose();
        write.Dispose();
        connection.Dispose();
    }

    private void Remember(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        if (cache.Count >= MostCached)
        {
            cache.Clear();
        }

        // Copied: a key cut from a request would keep the whole request alive.
        cache[key.ToArray()] = value;
    }
}
