using Nitro.Ports;

namespace Nitro.Host.Link;

/// <summary>Makes each tenant's way to its peers.</summary>
public interface IPeerLinkFactory
{
    /// <summary>A link for the tenant with this channel key; it proves who sends by that key.</summary>
    /// <param name="tenant">The tenant's name.</param>
    /// <param name="address">20 bytes.</param>
    /// <param name="keys">Signs for links that prove identity by signatures; may be waiting for a signer elsewhere.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">What it needs cannot be had, such as a port; the message is for the operator.</exception>
    ValueTask<IPeerLink> OpenAsync(string tenant, ReadOnlyMemory<byte> address, INetworkKeys keys, CancellationToken cancellationToken);
}
