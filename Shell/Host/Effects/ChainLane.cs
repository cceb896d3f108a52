using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>Hands calls and readings to the chain in order, and tells it to forget what is over.</summary>
internal sealed class ChainLane(IChain chain, LaneOptions options, Counters counters, ILogger logger)
{
    private readonly Lock gate = new();
    private readonly HashSet<long> unfinished = [];

    // Unbounded here, bounded by the core: it promises no second call for a channel while one is unfinished.
    private readonly Channel<(long Id, Func<CancellationToken, ValueTask> Work)> orders =
        Channel.CreateUnbounded<(long, Func<CancellationToken, ValueTask>)>(new UnboundedChannelOptions { SingleReader = true });

    internal void Add(SubmitEffect effect, IReadOnlyList<CallContext> contexts)
    {
        var steps = effect.Steps.Select(step => new ChainStep(step.To, step.Value, step.Data)).ToArray();
        var call = new ChainCall(effect.Id, effect.Description, steps) { Evidence = effect.Evidence, Contexts = contexts };
        Order(effect.Id, cancellationToken => chain.SubmitAsync(call, cancellationToken));
    }

    internal void Add(ReadEffect effect)
    {
        var read = new ChainRead(effect.Id, effect.To, effect.Data);
        Order(effect.Id, cancellationToken => chain.ReadAsync(read, cancellationToken));
    }

    internal void Drop(long id)
    {
        lock (gate)
        {
            if (!unfinished.Remove(id))
            {
                return;
            }
        }

        orders.Writer.TryWrite((id, cancellationToken => chain.ForgetAsync(id, cancellationToken)));
    }

    /// <summary>Works until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var (_, work) in orders.Reader.ReadAllAsync(cancellationToken))
        {
            var retry = new Retry(options);
            while (!await TryAsync(work, cancellationToken))
            {
                Interlocked.Increment(ref counters.Retries);
                await Task.Delay(retry.Next(), cancellationToken);
            }
        }
    }

    private void Order(long id, Func<CancellationToken, ValueTask> work)
    {
        lock (gate)
        {
            unfinished.Add(id);
        }

        orders.Writer.TryWrite((id, work));
    }

    private async Task<bool> TryAsync(Func<CancellationToken, ValueTask> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is not (OperationCanceledException or ArgumentException))
        {
            logger.LogWarning("The chain adapter takes no calls ({Cause}); trying again", e.Message);
            return false;
        }
    }
}
