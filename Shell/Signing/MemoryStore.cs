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
    private readonly SqliteCommand lookAtLease;
    private readonly MemoryGuard? guard;
    private readonly Dictionary<ReadOnlyMemory<byte>, byte[]> digests = new(MarkKey.Comparer);
    private readonly byte[] whole = new byte[SHA256.HashSizeInBytes];
    private SignerMemory? memory;

    private MemoryStore(SqliteConnection connection, SignerPolicy policy, ReadOnlyMemory<byte> address, string path, MemoryGuard? guard)
    {
        (this.connection, this.policy, this.address, this.path, this.guard) = (connection, policy, address, path, guard);
        write = Command("INSERT INTO mark VALUES ($key, $value, $digest) ON CONFLICT (key) DO UPDATE SET value = excluded.value, digest = excluded.digest");
        delete = Command("DELETE FROM mark WHERE key = $key");
        writeWhole = Command("INSERT INTO whole VALUES (1, $digest) ON CONFLICT (one) DO UPDATE SET digest = excluded.digest");
        lookAtLease = Command("SELECT token FROM lease");
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
    /// <param name="guard">Anchor and lease, where it has them; this store disposes of them.</param>
    /// <exception cref="MarksException">In use, damaged, another key's, of another version, older than its anchor, or not a signer's memory at all.</exception>
    internal static MemoryStore Open(string path, ReadOnlyMemory<byte> address, SignerPolicy policy, long maximumBytes, MemoryGuard? guard = null)
    {
        var connection = MarkDatabase.Open(path, "0x" + Convert.ToHexStringLower(address.Span), maximumBytes);
        var store = new MemoryStore(connection, policy, address, path, guard);
        try
        {
            store.TakeLease();
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
    /// <exception cref="IOException">It is stored, and its anchor is not: nothing may leave until it is.</exception>
    /// <exception cref="MarksException">Another signer has taken the memory over.</exception>
    internal bool Keep(SignerMemory next, IReadOnlyCollection<SigningItem> heard)
    {
        var rows = SignerCore.Changes(Memory, next, heard);
        if (rows.Length == 0)
        {
            memory = next;
            guard?.Follow(next);
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
            CheckLease(transaction);
            transaction.Commit();
        }

        memory = next;
        using var tracing = guard is null ? null : Tracing.Source.StartActivity("anchor");
        guard?.Follow(next);
        return true;
    }

    public void Dispose()
    {
        write.Dispose();
        delete.Dispose();
        writeWhole.Dispose();
        lookAtLease.Dispose();
        connection.Dispose();
        guard?.Dispose();
    }

    private void TakeLease()
    {
        if (guard is null)
        {
            return;
        }

        using var take = Command("UPDATE lease SET token = $token WHERE token < $token");
        take.Parameters.AddWithValue("$token", (long)guard.Token);
        if (take.ExecuteNonQuery() == 0)
        {
            throw TakenOver();
        }
    }

    /// <summary>In the transaction of the change itself: whoever has a smaller number changes nothing.</summary>
    private void CheckLease(SqliteTransaction transaction)
    {
        if (guard is null)
        {
            return;
        }

        lookAtLease.Transaction = transaction;
        if (lookAtLease.ExecuteScalar() is not long token || (ulong)token != guard.Token)
        {
            throw TakenOver();
        }
    }

    private MarksException TakenOver() =>
        new($"Another signer has taken the memory {path} over, so this one signs nothing any more. Let one of them run.");

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

        if (!SignerCore.TryLoad(policy, address, rows, out var loaded, out var error))
        {
            throw Damaged(error);
        }

        guard?.Check(loaded, path);
        return loaded;
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
