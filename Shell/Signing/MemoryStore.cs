using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace Nitro.Signing;

/// <summary>
/// A signer's memory: whole in this process, and in rows on disk, of which a change writes its own. Each row has a digest, and all of them
/// together one more, so that a row that was damaged, lost or put back is noticed. Used by one thread at a time.
/// </summary>
internal sealed class MemoryStore : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly SignerPolicy policy;
    private readonly ReadOnlyMemory<byte> address;
    private readonly string path;
    private readonly SqliteCommand write;
    private readonly SqliteCommand delete;
    private readonly SqliteCommand writeWhole;
    private readonly Dictionary<ReadOnlyMemory<byte>, byte[]> digests = new(MarkKey.Comparer);
    private readonly byte[] whole = new byte[SHA256.HashSizeInBytes];
    private SignerMemory? memory;

    private MemoryStore(SqliteConnection connection, SignerPolicy policy, ReadOnlyMemory<byte> address, string path)
    {
        (this.connection, this.policy, this.address, this.path) = (connection, policy, address, path);
        write = Command("INSERT INTO mark VALUES ($key, $value, $digest) ON CONFLICT (key) DO UPDATE SET value = excluded.value, digest = excluded.digest");
        delete = Command("DELETE FROM mark WHERE key = $key");
        writeWhole = Command("INSERT INTO whole VALUES (1, $digest) ON CONFLICT (one) DO UPDATE SET digest = excluded.digest");
    }

    /// <summary>What is stored, at least.</summary>
    /// <exception cref="SqliteException">It cannot be read.</exception>
    /// <exception cref="MarksException">It is damaged.</exception>
    internal SignerMemory Memory => memory ??= Load();

    /// <summary>Opens and reads everything.</summary>
    /// <param name="path">The file; made, with its folder, when absent.</param>
    /// <param name="address">The channel key's, 20 bytes.</param>
    /// <param name="policy">The owner's rules.</param>
    /// <param name="maximumBytes">The size beyond which the file may not grow; 0 for none.</param>
    /// <exception cref="MarksException">In use, damaged, another key's, of another version, or not a signer's memory at all.</exception>
    internal static MemoryStore Open(string path, ReadOnlyMemory<byte> address, SignerPolicy policy, long maximumBytes)
    {
        var connection = MarkDatabase.Open(path, "0x" + Convert.ToHexStringLower(address.Span), maximumBytes);
        var store = new MemoryStore(connection, policy, address, path);
        try
        {
            store.memory = store.Load();
            return store;
        }
        catch (SqliteException e)
        {
            store.Dispose();
            throw store.Damaged(e.Message, e);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Stores what hearing these items has changed; durable on return. False where there was nothing to store.</summary>
    /// <exception cref="SqliteException">It is unknown what is stored; it is read again before anything else is decided.</exception>
    internal bool Keep(SignerMemory next, IReadOnlyCollection<SigningItem> heard)
    {
        var rows = SignerCore.Changes(Memory, next, heard);
        if (rows.Length == 0)
        {
            memory = next;
            return false;
        }

        memory = null;
        using (var transaction = connection.BeginTransaction(deferred: false))
        {
            foreach (var (key, value) in rows)
            {
                Store(key, value, transaction);
            }

            Run(writeWhole, transaction, ("$digest", whole));
            transaction.Commit();
        }

        memory = next;
        return true;
    }

    public void Dispose()
    {
        write.Dispose();
        delete.Dispose();
        writeWhole.Dispose();
        connection.Dispose();
    }

    private void Store(byte[] key, byte[]? value, SqliteTransaction transaction)
    {
        if (digests.Remove(key, out var old))
        {
            Fold(old);
        }

        if (value is null)
        {
            Run(delete, transaction, ("$key", key));
            return;
        }

        var digest = DigestOf(key, value);
        Fold(digest);
        digests[key] = digest;
        Run(write, transaction, ("$key", key), ("$value", value), ("$digest", digest));
    }

    private SignerMemory Load()
    {
        digests.Clear();
        whole.AsSpan().Clear();
        var rows = new List<KeyValuePair<byte[], byte[]>>();
        using (var read = Command("SELECT key, value, digest FROM mark ORDER BY key"))
        using (var reader = read.ExecuteReader())
        {
            while (reader.Read())
            {
                var (key, value, digest) = ((byte[])reader[0], (byte[])reader[1], (byte[])reader[2]);
                if (!digest.AsSpan().SequenceEqual(DigestOf(key, value)))
                {
                    throw Damaged($"the row {Convert.ToHexStringLower(key)} is not what was written");
                }

                Fold(digest);
                digests[key] = digest;
                rows.Add(new(key, value));
            }
        }

        using var readWhole = Command("SELECT digest FROM whole");
        var stored = readWhole.ExecuteScalar() as byte[] ?? new byte[SHA256.HashSizeInBytes];
        if (!stored.AsSpan().SequenceEqual(whole))
        {
            throw Damaged("rows are missing, or stand there that were replaced");
        }

        return SignerCore.TryLoad(policy, address, rows, out var loaded, out var error) ? loaded : throw Damaged(error);
    }

    private MarksException Damaged(string what, Exception? inner = null) => new(
        $"The signer's memory {path} cannot be used: {what}. Nothing is signed with it. An older copy in its place would sign twice what must be "
        + "signed once: if the file cannot be mended, let the other sides close the channels of this key, and begin with a new one.",
        inner);

    private static byte[] DigestOf(byte[] key, byte[] value)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([(byte)key.Length]);
        hash.AppendData(key);
        hash.AppendData(value);
        return hash.GetHashAndReset();
    }

    private void Fold(byte[] digest)
    {
        for (var i = 0; i < whole.Length; i++)
        {
            whole[i] ^= digest[i];
        }
    }

    private SqliteCommand Command(string text)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        return command;
    }

    private static void Run(SqliteCommand command, SqliteTransaction transaction, params ReadOnlySpan<(string Name, byte[] Value)> values)
    {
        command.Transaction = transaction;
        foreach (var (name, value) in values)
        {
            if (command.Parameters.Contains(name))
            {
                command.Parameters[name].Value = value;
            }
            else
            {
                command.Parameters.Add(name, SqliteType.Blob).Value = value;
            }
        }

        command.ExecuteNonQuery();
    }
}
