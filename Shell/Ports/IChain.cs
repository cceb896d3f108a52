namespace Nitro.Ports;

/// <summary>
/// A chain endpoint: follows the logs of one contract and sends calls from one account. Knows nothing of channels.
/// Never throws for the chain's weather: it waits, says so in its health, and goes on.
/// </summary>
public interface IChain : IAsyncDisposable
{
    /// <summary>Follows the chain until cancelled, handing every notice to the sink in chain order.</summary>
    Task RunAsync(IChainSink sink, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a call over. Idempotent by <see cref="ChainCall.EffectId"/>: a call known from before a restart is carried on, not sent twice.
    /// The outcome comes to the sink, as a log at depth or as a refusal.
    /// </summary>
    ValueTask SubmitAsync(ChainCall call, CancellationToken cancellationToken);

    /// <summary>Forgets a call that no longer matters (its effect is finished). A transaction already broadcast still lands.</summary>
    ValueTask ForgetAsync(long effectId, CancellationToken cancellationToken);

    /// <summary>Runs a read-only call at the newest block of final depth and hands the answer to the sink as <see cref="ChainReadResult"/>.</summary>
    ValueTask ReadAsync(ChainRead read, CancellationToken cancellationToken);

    /// <summary>What an operator wants to know.</summary>
    ChainHealth Health { get; }
}
