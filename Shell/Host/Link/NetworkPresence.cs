using Microsoft.Extensions.Logging;
using Nitro.Host.Options;
using Nitro.Libp2p;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Kademlia;
using Nitro.Libp2p.Link;
using Nitro.Libp2p.Records;

namespace Nitro.Host.Link;

/// <summary>A tenant that has proven who it is and listens: its host, hash table and link.</summary>
internal sealed class NetworkPresence : IAsyncDisposable
{
    private const int PendingUpgrades = 256;

    private readonly Swarm swarm;
    private readonly KadDht dht;

    internal NetworkPresence(TenantPlan plan, NetworkIdentity identity, ILogger logger, TimeProvider time)
    {
        var options = new SwarmOptions { MaxConnections = plan.Network.MaxConnections, MaxPendingUpgrades = PendingUpgrades, Time = time };
        swarm = new Swarm(identity.Credentials, options, plan.Network.Announce, logger);
        dht = new KadDht(swarm, new KadOptions(), [new AddressRecordValidator()], logger);
        Link = new Libp2pLink(swarm, dht, identity, Options(plan, identity.Address), logger);
        Peer = identity.Peer.ToString();
    }

    /// <summary>The peer id.</summary>
    internal string Peer { get; }

    /// <summary>The way to the peers.</summary>
    internal Libp2pLink Link { get; }

    /// <summary>Lets others connect there; the socket belongs to this from now on.</summary>
    /// <exception cref="Libp2pException">Occupied.</exception>
    internal void Listen(BoundSocket socket) => swarm.Listen(socket);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Link.DisposeAsync();
        await dht.DisposeAsync();
        await swarm.DisposeAsync();
    }

    private static LinkOptions Options(TenantPlan plan, string address) => new()
    {
        Address = address,
        BootPeers = plan.Network.BootPeers,
        Peers = plan.Peers.Where(peer => peer.Value.At is not null).ToDictionary(peer => Name(peer.Key), peer => Libp2p.Addresses.Multiaddr.Parse(peer.Value.At!)),
        GoNitroPeers = plan.Peers.Where(peer => peer.Value.Dialect == PeerSettings.GoNitro).Select(peer => Name(peer.Key)).ToHashSet(StringComparer.Ordinal),
    };

    private static string Name(string address) => address[2..].ToLowerInvariant();
}
