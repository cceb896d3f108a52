using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Signing;

/// <summary>
/// Answers one batch: decide all in order, store the changed marks, then sign. Used by one thread at a time. Without a chain key it
/// refuses transactions.
/// </summary>
internal sealed class SigningDesk(byte[] channelKey, byte[]? chainKey, MarkStore marks, int parallelFrom)
{
    /// <summary>The tag of a request that cannot be read: the asker's bug, so asking again is pointless.</summary>
    internal const string Malformed = "malformed-request";

    /// <summary>The tag of a transaction where the chain account's key is elsewhere.</summary>
    internal const string NoChainKey = "no-chain-key";

    private const int Threads = 2;
    private long signed;
    private long refused;
    private long batches;
    private long commits;

    internal SignerStatistics Statistics => new(
        Interlocked.Read(ref signed), Interlocked.Read(ref refused), Interlocked.Read(ref batches), Interlocked.Read(ref commits));

    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">Marks could not be read or stored: nothing was signed.</exception>
    internal IReadOnlyList<SignAnswer> Answer(IReadOnlyList<SignRequest> batch)
    {
        // What this batch has decided so far counts for the requests behind it, though it is not stored yet.
        var changed = new Dictionary<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>(MarkKey.Comparer);
        var digests = new (ReadOnlyMemory<byte> Digest, byte[] Key)[batch.Count];
        var answers = new SignAnswer[batch.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            (digests[i], answers[i]) = Decide(batch[i], changed);
        }

        if (changed.Count > 0)
        {
            marks.Store(changed);
            Interlocked.Increment(ref commits);
        }

        Sign(digests, answers);
        Interlocked.Increment(ref batches);
        return answers;
    }

    private ((ReadOnlyMemory<byte> Digest, byte[] Key) Digest, SignAnswer Answer) Decide(
        SignRequest request, Dictionary<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> changed)
    {
        if (!SignerCore.TryRead(request.Body, out var reading, out _))
        {
            return (default, new SignAnswer(request.EffectId, default, Malformed));
        }

        if ((reading.Key == SigningKey.Chain ? chainKey : channelKey) is not { } key)
        {
            return (default, new SignAnswer(request.EffectId, default, NoChainKey));
        }

        var verdict = SignerCore.Decide(reading, key => changed.TryGetValue(key, out var value) ? value : marks.Read(key));
        if (!verdict.Approved)
        {
            return (default, new SignAnswer(request.EffectId, default, verdict.Tag));
        }

        foreach (var (markKey, value) in verdict.Marks)
        {
            changed[markKey] = value;
        }

        return ((verdict.Digest, key), new SignAnswer(request.EffectId, default, null));
    }

    private void Sign((ReadOnlyMemory<byte> Digest, byte[] Key)[] digests, SignAnswer[] answers)
    {
        if (answers.Length < parallelFrom)
        {
            for (var i = 0; i < answers.Length; i++)
            {
                answers[i] = Sign(digests[i], answers[i]);
            }

            return;
        }

        Parallel.For(
            0, answers.Length, new ParallelOptions { MaxDegreeOfParallelism = Threads }, i => answers[i] = Sign(digests[i], answers[i]));
    }

    private SignAnswer Sign((ReadOnlyMemory<byte> Digest, byte[] Key) asked, SignAnswer answer)
    {
        if (answer.RefusedTag is not null)
        {
            Interlocked.Increment(ref refused);
            return answer;
        }

        var signature = new byte[65];
        if (!Curve.Default.TrySign(asked.Digest.Span, asked.Key, signature))
        {
            throw new InvalidOperationException("A key that was checked at the start cannot sign.");
        }

        Interlocked.Increment(ref signed);
        return answer with { Signature = signature };
    }
}
