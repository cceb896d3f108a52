namespace Nitro.Ports;

/// <summary>Where a chain reports to. Each call returns only when what it brought is durable in the tenant's journal.</summary>
public interface IChainSink
{
    /// <summary>Logs of the followed contract in blocks that reached final depth, in order; may repeat after a restart.</summary>
    ValueTask ShowedAsync(IReadOnlyList<ChainLog> logs, CancellationToken cancellationToken);

    /// <summary>Everything up to this height is final and was shown. Called at most once a second.</summary>
    ValueTask ReachedAsync(ChainHead head, CancellationToken cancellationToken);

    /// <summary>Blocks from this height on, once shown as final, are gone (a re-org deeper than the depth). What follows is shown anew.</summary>
    ValueTask RetractedAsync(long height, CancellationToken cancellationToken);

    /// <summary>A call will never succeed as it stands (reverted, or its simulation reverts).</summary>
    ValueTask RefusedAsync(ChainRefusal refusal, CancellationToken cancellationToken);

    /// <summary>The answer to a <see cref="ChainRead"/>.</summary>
    ValueTask ReadAsync(ChainReadResult result, CancellationToken cancellationToken);
}
