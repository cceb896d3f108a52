using Nitro.Ports;

namespace Nitro.Host.Link;

/// <summary>A tenant of the same process is reached within it, everybody else over the network.</summary>
internal sealed class CombinedLink(InProcessNetwork network, IPeerLink within, IPeerLink beyond) : IPeerLink
{
    /// <inheritdoc/>
    public LinkHealth Health => beyond.Health;

    /// <inheritdoc/>
    public ValueTask<PeerAnswer> SendAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
        (network.Has(peer.Span) ? within : beyond).SendAsync(peer, frame, cancellationToken);

    /// <inheritdoc/>
    public async Task RunAsync(IPeerSink sink, CancellationToken cancellationToken)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] both = [within.RunAsync(sink, together.Token), beyond.RunAsync(sink, together.Token)];

        // Neither ends by itself unless it fails, and then the tenant must hear of it.
        await Task.WhenAny(both);
        await together.CancelAsync();
        await Task.WhenAll(both);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await within.DisposeAsync();
        await beyond.DisposeAsync();
    }
}
