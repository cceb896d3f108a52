using Microsoft.Extensions.Logging;
using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>Turns what the chain shows into events, and returns when they are durable: only then may the adapter move on.</summary>
internal sealed class ChainSink(Mailbox mailbox, ILogger logger) : IChainSink
{
    /// <inheritdoc/>
    public async ValueTask ShowedAsync(IReadOnlyList<ChainLog> logs, CancellationToken cancellationToken)
    {
        var waiting = new List<Task>();
        foreach (var log in logs)
        {
            if (NitroCore.TryChainLog(log.Topics, log.Data, log.Height, log.LogIndex, log.BlockHash, out var shown))
            {
                waiting.Add(Post(shown!));
            }
        }

        await Task.WhenAll(waiting).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask ReachedAsync(ChainHead head, CancellationToken cancellationToken)
    {
        // The core waits for logs and readings, never for a height; an operator sees it in the adapter's health.
        logger.LogDebug("The chain is final up to block {Height}", head.Height);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask RetractedAsync(long height, CancellationToken cancellationToken)
    {
        logger.LogWarning("Blocks from {Height} on, once final, are gone: deposits in them are in doubt and are read again", height);
        await Post(NitroCore.ChainRetracted(height)).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask RefusedAsync(ChainRefusal refusal, CancellationToken cancellationToken)
    {
        logger.LogWarning(
            "The chain refuses #{Effect} ({Stage}): {Reason}", refusal.EffectId, refusal.Mined ? "reverted" : "not sent", refusal.Reason);
        await Post(NitroCore.ChainRefused(refusal.EffectId, refusal.Reason)).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(ChainReadResult result, CancellationToken cancellationToken)
    {
        if (NitroCore.TryChainRead(result.EffectId, result.Answer, result.Height, result.BlockHash, out var shown))
        {
            await Post(shown!).WaitAsync(cancellationToken);
            return;
        }

        logger.LogWarning("The chain's answer to reading #{Effect} is no amount: is the adjudicator's address right?", result.EffectId);
        await Post(NitroCore.ChainRefused(result.EffectId, "the answer is no amount")).WaitAsync(cancellationToken);
    }

    private Task Post(NodeEvent shown)
    {
        var mail = Mail.Awaited(shown);
        mailbox.Post(mail);
        return mail.Answered;
    }
}
