using Nitro.Ports;

namespace Nitro.Host.Link;

/// <summary>Makes each tenant's way to its peers.</summary>
public interface IPeerLinkFactory
{
    /// <summary>A link for the tenant with this channel key; it proves who sends by that key.</summary>
    /// <param name="tenant">The tenant's name.</param>
    /// <param name="address">20 bytes.</param>
    /// <param name="channelKey">The private key, 32 bytes, for links that prove identity with it; empty where the key is elsewhere.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<IPeerLink> OpenAsync(
        string tenant, ReadOnlyMemory<byte> address, ReadOnlyMemory<byte> channelKey, CancellationToken cancellationToken);
}
