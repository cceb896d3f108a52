using Nitro.Ports;

namespace Nitro.Ethereum;

/// <summary>Hands notices to the sink one at a time: the follower and the transactions report from loops of their own.</summary>
internal sealed class SerialSink(IChainSink sink) : IChainSink, IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);

    public ValueTask ShowedAsync(IReadOnlyList<ChainLog> logs, CancellationToken cancellationToken) =>
        OneAtATimeAsync(() => sink.ShowedAsync(logs, cancellationToken), cancellationToken);

    public ValueTask ReachedAsync(ChainHead head, CancellationToken cancellationToken) =>
        OneAtATimeAsync(() => sink.ReachedAsync(head, cancellationToken), cancellationToken);

    public ValueTask RetractedAsync(long height, CancellationToken cancellationToken) =>
        OneAtATimeAsync(() => sink.RetractedAsync(height, cancellationToken), cancellationToken);

    public ValueTask RefusedAsync(ChainRefusal refusal, CancellationToken cancellationToken) =>
        OneAtATimeAsync(() => sink.RefusedAsync(refusal, cancellationToken), cancellationToken);

    public ValueTask ReadAsync(ChainReadResult result, CancellationToken cancellationToken) =>
        OneAtATimeAsync(() => sink.ReadAsync(result, cancellationToken), cancellationToken);

    public void Dispose() => _gate.Dispose();

    private async ValueTask OneAtATimeAsync(Func<ValueTask> notice, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await notice().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }
}
