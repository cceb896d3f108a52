using Nitro.Ports;

namespace Nitro.Host.Link;

/// <summary>Connects the tenants of this process with each other, and with nobody else.</summary>
public sealed class InProcessLinkFactory(InProcessNetwork network) : IPeerLinkFactory
{
    /// <inheritdoc/>
    public ValueTask<IPeerLink> OpenAsync(string tenant, ReadOnlyMemory<byte> address, INetworkKeys keys, CancellationToken cancellationToken) =>
        ValueTask.FromResult(network.LinkOf(address));
}
