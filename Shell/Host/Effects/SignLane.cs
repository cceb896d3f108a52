using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>Hands signing requests over in order: while one batch is at the signer, the next collects.</summary>
internal sealed class SignLane(
    ISigner signer, Func<NodeHandle> node, Action<NodeEvent> outcome, LaneOptions options, Counters counters, ILogger logger)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<long, SignRequest> collected = [];
    private readonly SortedDictionary<long, SignRequest> asked = [];
    private readonly Signal changed = new();
    private readonly Retry retry = new(options);
    private long askedAt = Stopwatch.GetTimestamp();

    internal void Add(SignRequest request)
    {
        lock (gate)
        {
            collected[request.EffectId] = request;
        }

        changed.Set();
    }

    internal void Drop(long id)
    {
        lock (gate)
        {
            collected.Remove(id);
            asked.Remove(id);
        }

        changed.Set();
    }

    /// <summary>Submits batches until cancelled. A signer that is silent for long is asked again for the same.</summary>
    internal async Task SubmitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await changed.WaitAsync(options.SignPatience, cancellationToken);
            var batch = NextBatch(repeat: Stopwatch.GetElapsedTime(askedAt) >= options.SignPatience);
            while (batch.Count > 0 && !await TrySubmitAsync(batch, cancellationToken))
            {
                Interlocked.Increment(ref counters.Retries);
                await Task.Delay(retry.Next(), cancellationToken);
                batch = NextBatch(repeat: true);
            }
        }
    }

    /// <summary>Reports answers until cancelled. Each signature is checked against what was asked before it counts.</summary>
    internal async Task AnswerAsync(CancellationToken cancellationToken)
    {
        await foreach (var batch in signer.AnswersAsync(cancellationToken))
        {
            var known = Known(batch);
            if (known.Count > 0)
            {
                outcome(NitroCore.SignerReplied(node(), known, signer.IsTrusted));
            }

            changed.Set();
        }

        throw new TenantStoppedException("The signer ended. See its log, then restart the node.");
    }

    private List<SignRequest> NextBatch(bool repeat)
    {
        lock (gate)
        {
            if (asked.Count > 0)
            {
                return repeat ? [.. asked.Values] : [];
            }

            var batch = collected.Values.Take(options.SignBatch).ToList();
            foreach (var request in batch)
            {
                collected.Remove(request.EffectId);
                asked[request.EffectId] = request;
            }

            return batch;
        }
    }

    private async Task<bool> TrySubmitAsync(List<SignRequest> batch, CancellationToken cancellationToken)
    {
        try
        {
            askedAt = Stopwatch.GetTimestamp();
            await signer.SubmitAsync(batch, cancellationToken);
            retry.Reset();
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Weather, or a signer that ended: then its answers end too, and that stops the tenant.
            logger.LogWarning("The signer takes no requests ({Cause}); trying again", e.Message);
            return false;
        }
    }

    private List<SignerAnswer> Known(IReadOnlyList<SignAnswer> batch)
    {
        var known = new List<SignerAnswer>(batch.Count);
        lock (gate)
        {
            foreach (var answer in batch)
            {
                if (asked.Remove(answer.EffectId))
                {
                    known.Add(new SignerAnswer(answer.EffectId, answer.Signature, answer.RefusedTag));
                }
            }
        }

        foreach (var answer in known)
        {
            Interlocked.Increment(ref answer.RefusedTag is null ? ref counters.Signatures : ref counters.Refusals);
            if (answer.RefusedTag is { } tag)
            {
                logger.LogWarning("The signer refuses #{Effect}: {Tag}", answer.EffectId, tag);
            }
        }

        return known;
    }
}
