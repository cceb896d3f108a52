using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Signing.Calls;

/// <summary>The signed calls that were seen: each nonce of a device stands for one call. Bounded; durable before a call counts. Safe on any thread.</summary>
public sealed class CallLedger : IDisposable
{
    private const string Tables =
        """
        CREATE TABLE call(
          credential BLOB NOT NULL, nonce BLOB NOT NULL, hash BLOB NOT NULL, seen INTEGER NOT NULL, request TEXT NOT NULL, method TEXT NOT NULL,
          payload BLOB NOT NULL, envelope BLOB NOT NULL, signature BLOB NOT NULL, publickey BLOB NOT NULL, time INTEGER NOT NULL,
          PRIMARY KEY (credential, nonce)) STRICT;
        CREATE INDEX call_by_age ON call(seen);
        """;

    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);
    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();
    private readonly int _most;
    private long _count;

    private CallLedger(SqliteConnection connection, int most)
    {
        (_connection, _most) = (connection, most);
        _count = (long)_connection.Scalar("SELECT count(*) FROM call")!;
    }

    /// <summary>Opens the file for this process alone; made where it is missing.</summary>
    /// <exception cref="StorageException">In use, damaged, or another node's.</exception>
    public static CallLedger Open(string path, string owner, int most = 100_000) => new(
        DurableDatabase.Open(
            new DatabaseOptions { Title = "The list of signed calls", Path = path, IsExclusive = true, IfInUse = "Stop that process." },
            new DatabaseOwner(Tables, Table: "call", Schema: "1", owner, IfOthers: "Check the path.")),
        most);

    /// <summary>Those that a node took since then, with their request ids, oldest first.</summary>
    public IReadOnlyList<(string RequestId, CallContext Call)> Load(DateTimeOffset since)
    {
        lock (_gate)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "SELECT request, method, payload, envelope, signature, publickey, time FROM call WHERE request <> '' AND seen >= $since ORDER BY seen";
            command.Parameters.AddWithValue("$since", since.ToUnixTimeMilliseconds());
            using var reader = command.ExecuteReader();
            var found = new List<(string, CallContext)>();
            while (reader.Read())
            {
                var signed = new CallSignature((byte[])reader[3], (byte[])reader[4]);
                found.Add((reader.GetString(0), new CallContext(reader.GetString(1), (byte[])reader[2], signed, (byte[])reader[5], reader.GetInt64(6))));
            }

            return found;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <summary>Exactly this call was seen before.</summary>
    internal bool Knows(SignedCall call, ReadOnlyMemory<byte> envelope)
    {
        lock (_gate)
        {
            return Stored(call) is { } hash && hash.AsSpan().SequenceEqual(SHA256.HashData(envelope.Span));
        }
    }

    /// <summary>Remembers a call, durably; a refusal where its nonce stands for another one, or there is no room.</summary>
    internal (CallRefusal? Refusal, bool IsNew) Note(SignedCall call, CallContext context, string requestId, DateTimeOffset now)
    {
        lock (_gate)
        {
            var hash = SHA256.HashData(context.Signed.Envelope.Span);
            if (Stored(call) is { } before)
            {
                return before.AsSpan().SequenceEqual(hash)
                    ? (null, false)
                    : (new CallRefusal("call-replayed", "its nonce was used before, for another call", "sign anew, with a fresh random nonce"), false);
            }

            if (_count >= _most)
            {
                Prune(now);
            }

            if (_count >= _most)
            {
                return (new CallRefusal("call-too-many", $"{_most} signed calls were seen within a day, and no more are remembered", "wait, or sign fewer calls"), false);
            }

            Insert(call, context, requestId, hash, now);
            return (null, true);
        }
    }

    private byte[]? Stored(SignedCall call)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT hash FROM call WHERE credential = $credential AND nonce = $nonce";
        command.Parameters.AddWithValue("$credential", call.Credential.ToArray());
        command.Parameters.AddWithValue("$nonce", call.Nonce.ToArray());
        return command.ExecuteScalar() as byte[];
    }

    /// <summary>Older ones are stale by far: they need no memory to be refused.</summary>
    private void Prune(DateTimeOffset now)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "DELETE FROM call WHERE seen < $before";
        command.Parameters.AddWithValue("$before", (now - Kept).ToUnixTimeMilliseconds());
        _count -= command.ExecuteNonQuery();
    }

    private void Insert(SignedCall call, CallContext context, string requestId, byte[] hash, DateTimeOffset now)
    {
        using var command = _connection.CreateCommand();
        command.CommandText =
            "INSERT INTO call VALUES ($credential, $nonce, $hash, $seen, $request, $method, $payload, $envelope, $signature, $publickey, $time)";
        command.Parameters.AddWithValue("$credential", call.Credential.ToArray());
        command.Parameters.AddWithValue("$nonce", call.Nonce.ToArray());
        command.Parameters.AddWithValue("$hash", hash);
        command.Parameters.AddWithValue("$seen", now.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$request", requestId);
        command.Parameters.AddWithValue("$method", context.Method);
        // A signer keeps the hash alone: it is shown the call again.
        command.Parameters.AddWithValue("$payload", requestId.Length > 0 ? context.Payload.ToArray() : []);
        command.Parameters.AddWithValue("$envelope", requestId.Length > 0 ? context.Signed.Envelope.ToArray() : []);
        command.Parameters.AddWithValue("$signature", context.Signed.Signature.ToArray());
        command.Parameters.AddWithValue("$publickey", context.PublicKey.ToArray());
        command.Parameters.AddWithValue("$time", context.Time);
        command.ExecuteNonQuery();
        _count++;
    }
}
