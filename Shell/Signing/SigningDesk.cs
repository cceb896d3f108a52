using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.Signing.Calls;

namespace Nitro.Signing;

/// <summary>
/// Answers one batch: decide all in order by the owner's policy, store what the memory has become, then sign. Used by one thread at a
/// time. Without a chain key it refuses transactions.
/// </summary>
internal sealed class SigningDesk(byte[] channelKey, byte[]? chainKey, MemoryStore store, TimeProvider time, int parallelFrom)
{
    /// <summary>The tag of a request that cannot be read: the asker's bug, so asking again is pointless.</summary>
    internal const string Malformed = "malformed-request";

    /// <summary>The tag of a transaction where the chain account's key is elsewhere.</summary>
    internal const string NoChainKey = "no-chain-key";

    private const int Threads = 2;
    private static readonly SignerPowers Powers = new(
        (digest, signature, address) => Recoveries.Shared.TryRecoverAddress(digest, signature, address), (key, signature, message) => DeviceSignature.IsBy(key, message, signature));

    private long signed;
    private long refused;
    private long batches;
    private long commits;

    internal SignerStatistics Statistics => new(
        Interlocked.Read(ref signed), Interlocked.Read(ref refused), Interlocked.Read(ref batches), Interlocked.Read(ref commits));

    /// <summary>The items of a request; null where one cannot be read.</summary>
    internal static IReadOnlyList<SigningItem>? Read(IReadOnlyList<ReadOnlyMemory<byte>> request)
    {
        var items = new SigningItem[request.Count];
        for (var i = 0; i < items.Length; i++)
        {
            if (!SignerCore.TryRead(request[i], out var item, out _))
            {
                return null;
            }

            items[i] = item;
        }

        return items;
    }

    /// <summary>Answers each request.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The memory could not be read or stored: nothing was signed.</exception>
    /// <exception cref="MarksException">What is stored is damaged: nothing was signed.</exception>
    internal IReadOnlyList<DeskAnswer> Answer(IReadOnlyList<DeskQuestion> batch)
    {
        var before = store.Memory;
        var memory = before;
        var heard = new List<SigningItem>(batch.Count);
        var waiting = new Dictionary<string, string>(StringComparer.Ordinal);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var digests = new (ReadOnlyMemory<byte> Digest, byte[] Key)[batch.Count];
        var answers = new DeskAnswer[batch.Count];
        using (Tracing.Source.StartActivity("judge"))
        {
            for (var i = 0; i < answers.Length; i++)
            {
                (digests[i], answers[i]) = Decide(batch[i], now, ref memory, heard, waiting);
            }
        }

        using (Tracing.Source.StartActivity("remember"))
        {
            if (store.Keep(memory, heard))
            {
                Interlocked.Increment(ref commits);
            }
        }

        using (Tracing.Source.StartActivity("sign"))
        {
            Sign(digests, answers);
        }

        Interlocked.Increment(ref batches);
        return answers;
    }

    private ((ReadOnlyMemory<byte> Digest, byte[] Key) Digest, DeskAnswer Answer) Decide(
        DeskQuestion question,
        long now,
        ref SignerMemory memory,
        List<SigningItem> heard,
        Dictionary<string, string> waiting)
    {
        if (question.Items is not { Count: > 0 } items)
        {
            return (default, new DeskAnswer(default, Malformed, false));
        }

        var wanted = items[^1];
        if ((wanted.Key == SigningKey.Chain ? chainKey : channelKey) is not { } key)
        {
            return (default, new DeskAnswer(default, NoChainKey, false));
        }

        // Behind what has to wait nothing of its channel is judged: it rests on it.
        if (wanted.Lane.Length > 0 && waiting.TryGetValue(wanted.Lane, out var before))
        {
            return (default, new DeskAnswer(default, before, true));
        }

        items = [.. Approvals(memory, question.Calls), .. items];
        var verdict = SignerCore.Hear(memory, Powers, now, items);
        memory = verdict.Memory;
        heard.AddRange(items);
        switch (verdict.Kind)
        {
            case VerdictKind.Approved:
                return ((verdict.Digest, key), default);
            case VerdictKind.Waiting:
                waiting[wanted.Lane] = verdict.Tag;
                return (default, new DeskAnswer(default, verdict.Tag, true));
            case VerdictKind.Refused:
                return (default, new DeskAnswer(default, verdict.Tag, false) { Instead = verdict.Instead });
            default:
                return default;
        }
    }

    private static IEnumerable<SigningItem> Approvals(SignerMemory memory, IReadOnlyList<CallContext> calls) =>
        calls.Select(call => SignerCore.ApprovalOf(memory, call.Signed.Envelope, call.Payload, call.PublicKey, call.Signed.Signature)).OfType<SigningItem>();

    private void Sign((ReadOnlyMemory<byte> Digest, byte[] Key)[] digests, DeskAnswer[] answers)
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

    private DeskAnswer Sign((ReadOnlyMemory<byte> Digest, byte[] Key) asked, DeskAnswer answer)
    {
        if (asked.Digest.IsEmpty)
        {
            if (answer.Tag is not null && !answer.IsTemporary)
            {
                Interlocked.Increment(ref refused);
            }

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
