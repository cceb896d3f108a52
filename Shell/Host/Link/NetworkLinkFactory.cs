using Microsoft.Extensions.Logging;
using Nitro.Host.Options;
using Nitro.Ports;

namespace Nitro.Host.Link;

/// <summary>Connects the tenants of this process with each other within it, and with all others over TCP.</summary>
public sealed class NetworkLinkFactory(NodeOptions options, InProcessNetwork network, ILoggerFactory loggers, TimeProvider time) : IPeerLinkFactory
{
    private readonly Lazy<NodePlan> plan = new(() => NodePlan.From(options));

    /// <inheritdoc/>
    public async ValueTask<IPeerLink> OpenAsync(string tenant, ReadOnlyMemory<byte> address, INetworkKeys? keys, CancellationToken cancellationToken)
    {
        var within = network.LinkOf(address);
        var logger = loggers.CreateLogger($"Nitro.Network.{tenant}");
        if (keys is null)
        {
            logger.LogWarning("Tenant {Tenant} is reached within this process only: nobody can sign for it on the network", tenant);
            return within;
        }

        var own = plan.Value.Tenants.Single(one => one.Name == tenant);
        return new CombinedLink(network, within, await NetworkLink.OpenAsync(own, keys, logger, time, cancellationToken));
    }
}
