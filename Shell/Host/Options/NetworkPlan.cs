using System.Net;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Link;

namespace Nitro.Host.Options;

/// <summary>One tenant's place on the network with nothing left open. Made of checked settings.</summary>
internal sealed record NetworkPlan(
    IReadOnlyList<Multiaddr> Listen, IReadOnlyList<Multiaddr> Announce, IReadOnlyList<Multiaddr> BootPeers, int MaxConnections)
{
    internal const uint DefaultConnections = 1024;

    private static readonly IReadOnlyList<string> Usual = ["127.0.0.1:3005"];

    internal static NetworkPlan From(NetworkSettings settings, bool isOnlyTenant) => new(
        [.. (settings.Listen ?? (isOnlyTenant ? Usual : [])).Select(text => ListenAt(text)!)],
        [.. (settings.Announce ?? []).Select(Multiaddr.Parse)],
        [.. (settings.BootPeers ?? []).Select(Multiaddr.Parse)],
        (int)(settings.MaxConnections ?? DefaultConnections));

    /// <summary>A place to listen; null where the text names none.</summary>
    internal static Multiaddr? ListenAt(string text) =>
        Multiaddr.TryParse(text, out var address) ? address.Peer is null && Swarm.CanListen(address) ? address : null
            : IPEndPoint.TryParse(text, out var endPoint) && text.Contains(':') && !text.EndsWith(']') ? Multiaddr.Of(endPoint)
            : null;

    /// <summary>What is wrong with the place of a peer, for the end of a complaint; null: nothing.</summary>
    internal static string? WrongPlace(string text, string? address) =>
        !Multiaddr.TryParse(text, out var place) || place.Peer is not { } peer || !Swarm.CanDial(place)
            ? "give a multiaddr with a peer id, such as /ip4/203.0.113.7/tcp/3005/p2p/16Uiu2…; the other node tells its own at its start"
            : address is not null && PeerAddress.Of(peer) is { } its && !its.Equals(address, StringComparison.OrdinalIgnoreCase)
                ? $"that peer id is of the address {its}: give the other node's own"
                : null;
}
