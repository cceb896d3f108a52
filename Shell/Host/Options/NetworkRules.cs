using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;

namespace Nitro.Host.Options;

/// <summary>What the settings of network and peers must satisfy.</summary>
internal static class NetworkRules
{
    private const uint MostConnections = 65_536;

    internal static void Check(string at, NetworkSettings? network, IReadOnlyDictionary<string, PeerSettings>? peers, List<string> complaints)
    {
        foreach (var text in network?.Listen ?? [])
        {
            NodeRules.Unless(
                NetworkPlan.ListenAt(text) is not null,
                $"{at}network.listen names '{text}': give a multiaddr such as /ip4/0.0.0.0/tcp/3005, or address and port such as 127.0.0.1:3005.",
                complaints);
        }

        foreach (var text in network?.Announce ?? [])
        {
            NodeRules.Unless(
                Multiaddr.TryParse(text, out var address) && address.Peer is null && Swarm.CanDial(address),
                $"{at}network.announce names '{text}': give a multiaddr without peer id, such as /dns4/node.example/tcp/3005.",
                complaints);
        }

        foreach (var text in network?.BootPeers ?? [])
        {
            NodeRules.Unless(
                NetworkPlan.WrongPlace(text, null) is null,
                $"{at}network.bootPeers names '{text}': {NetworkPlan.WrongPlace(text, null)}.",
                complaints);
        }

        NodeRules.Unless(
            network?.MaxConnections is null or (> 0 and <= MostConnections),
            $"{at}network.maxConnections is {network?.MaxConnections}: it must be 1 to {MostConnections}.",
            complaints);
        foreach (var (peer, settings) in peers ?? new Dictionary<string, PeerSettings>())
        {
            Peer($"{at}peers", peer, settings, complaints);
        }
    }

    /// <summary>Each tenant has its own identity, so two of them cannot listen at one place.</summary>
    internal static void Sharing(NodeOptions options, List<string> complaints)
    {
        NodeRules.Unless(
            options.Network.Listen is not { Count: > 0 } && options.Network.Announce is not { Count: > 0 },
            "network.listen and network.announce would be shared by all tenants: set them under tenants.<name>.network, or leave them out.",
            complaints);
        var shared = options.Tenants
            .SelectMany(tenant => (tenant.Value.Network?.Listen ?? []).Select(text => (Tenant: tenant.Key, Place: NetworkPlan.ListenAt(text)?.ToString())))
            .Where(one => one.Place is { } place && !place.EndsWith("/tcp/0", StringComparison.Ordinal))
            .GroupBy(one => one.Place)
            .Where(group => group.Count() > 1);
        foreach (var group in shared)
        {
            complaints.Add($"Tenants {string.Join(" and ", group.Select(one => one.Tenant))} listen for peers at {group.Key} both: give each its own network.listen.");
        }
    }

    private static void Peer(string at, string peer, PeerSettings settings, List<string> complaints)
    {
        NodeRules.AddressOf(at, peer, complaints);
        NodeRules.Unless(
            settings.Dialect is PeerSettings.Nitro or PeerSettings.GoNitro,
            $"{at}.{peer}.dialect is '{settings.Dialect}': it must be nitro or go-nitro.",
            complaints);
        if (settings.At is { } place && NetworkPlan.WrongPlace(place, peer) is { } wrong)
        {
            complaints.Add($"{at}.{peer}.at is '{place}': {wrong}.");
        }
    }
}
