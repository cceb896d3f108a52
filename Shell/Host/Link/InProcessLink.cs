using Nitro.Ports;

namespace Nitro.Host.Link;

/// <summary>One tenant's end of an <see cref="InProcessNetwork"/>. Present while <see cref="RunAsync"/> runs.</summary>
internal sealed class InProcessLink(InProcessNetwork network, byte[] address) : IPeerLink
{
    private readonly string name = Convert.ToHexStringLower(address);

    /// <inheritdoc/>
    public ValueTask<PeerAnswer> SendAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
        network.DeliverAsync(address, Convert.ToHexStringLower(peer.Span), frame, cancellationToken);

    /// <inheritdoc/>
    public async Task RunAsync(IPeerSink sink, CancellationToken cancellationToken)
    {
        var others = network.Join(name, sink);
        try
        {
            foreach (var (other, theirSink) in others)
            {
                await theirSink.SeenAsync(address, cancellationToken);
                await sink.SeenAsync(Convert.FromHexString(other), cancellationToken);
            }

            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            network.Leave(name);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
