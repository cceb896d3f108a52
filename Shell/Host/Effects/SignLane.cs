using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>Hands signing requests over, in order within each lane: while some of a lane are at the signer, its next ones collect.</summary>
internal sealed class SignLane(
    ISigner signer, Func<NodeHandle> node, Action<NodeEvent> outcome, LaneOptions options, Counters counters, ILogger logger)
{
    private readonly SignQueue queue = new();
    private readonly Signal changed = new();
    private readonly Retry retry = new(options);
    private long askedAt = Stopwatch.GetTimestamp();

    internal void Add(SignRequest request)
    {
        queue.Add(request);
        changed.Set();
    }

    internal void Drop(long id)
    {
        queue.Remove(id);
        changed.Set();
    }

    /// <summary>Submits batches until cancelled. A signer that is silent for long is asked again for the same.</summary>
    internal async Task SubmitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await changed.WaitAsync(options.SignPatience, cancellationToken);
            var batch = queue.Take(options.SignBatch);
            if (batch.Count == 0 && Stopwatch.GetElapsedTime(askedAt) >= options.SignPatience)
            {
                batch = queue.Asked();
            }

            while (batch.Count > 0)
            {
                if (await TrySubmitAsync(batch, cancellationToken))
                {
                    batch = queue.Take(options.SignBatch);
                }
                else
                {
                    Interlocked.Increment(ref counters.Retries);
                    await Task.Delay(retry.Next(), cancellationToken);
                    batch = queue.Asked();
                }
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

    private async Task<bool> TrySubmitAsync(List<SignRequest> batch, CancellationToken cancellationToken)
    {
        try
        {
            using var tracing = Tracing.Source.StartActivity("submit");
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
        foreach (var answer in batch)
        {
            if (queue.Remove(answer.EffectId))
            {
                known.Add(new SignerAnswer(answer.EffectId, answer.Signature, answer.RefusedTag, answer.Instead));
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
