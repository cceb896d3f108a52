using Microsoft.Extensions.Logging;
using Nitro.Host.Options;
using Nitro.Ports;

namespace Nitro.Host.Link;

/// <summary>Connects the tenants of this process with each other within it, and with all others over TCP.</summary>
public sealed class NetworkLinkFactory(NodeOptions options, InProcessNetwork network, ILoggerFactory loggers, TimeProvider time) : IPeerLinkFactory
{
    private readonly Lazy<NodePlan> plan = new(() => NodePlan.From(options));

    /// <inheritdoc/>
    public async ValueTask<IPeerLink> OpenAsync(string tenant, ReadOnlyMemory<byte> address, INetworkKeys keys, CancellationToken cancellationToken)
    {
        var own = plan.Value.Tenants.Single(one => one.Name == tenant);
        var beyond = await NetworkLink.OpenAsync(own, keys, loggers.CreateLogger($"Nitro.Network.{tenant}"), time, cancellationToken);
        return new CombinedLink(network, network.LinkOf(address), beyond);
    }
}
