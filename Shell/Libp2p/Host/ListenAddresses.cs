using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Nitro.Libp2p.Addresses;

namespace Nitro.Libp2p.Host;

/// <summary>Where others can reach this host: what the configuration says, else what is bound, with "any" spelled out.</summary>
internal sealed class ListenAddresses
{
    private readonly Lock _gate = new();
    private readonly List<IPEndPoint> _bound = [];
    private readonly bool _isAnnounced;
    private IReadOnlyList<Multiaddr> _plain;
    private IReadOnlyList<Multiaddr> _loopback = [];

    internal ListenAddresses(IReadOnlyList<Multiaddr> announced) => (_plain, _isAnnounced) = (announced, announced.Count > 0);

    /// <summary>All of them.</summary>
    internal IReadOnlyList<Multiaddr> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _plain, .. _loopback];
            }
        }
    }

    /// <summary>Adds what a listening socket is bound to.</summary>
    internal void Add(IPEndPoint bound)
    {
        lock (_gate)
        {
            _bound.Add(bound);
        }

        Refresh();
    }

    /// <summary>Looks at this machine's own addresses again; true if what others are told has changed.</summary>
    internal bool Refresh()
    {
        if (_isAnnounced)
        {
            return false;
        }

        lock (_gate)
        {
            var all = _bound.SelectMany(bound => Spelled(bound).Select(address => (address, bound.Port))).ToLookup(
                one => IPAddress.IsLoopback(one.address), one => Multiaddr.Of(new IPEndPoint(one.address, one.Port)));
            IReadOnlyList<Multiaddr> plain = [.. all[false].Distinct()], loopback = [.. all[true].Distinct()];
            var isOther = !plain.SequenceEqual(_plain) || !loopback.SequenceEqual(_loopback);
            (_plain, _loopback) = (plain, loopback);
            return isOther;
        }
    }

    /// <summary>What is told to a peer; loopback addresses only to one that came that way.</summary>
    internal IReadOnlyList<Multiaddr> For(Multiaddr remote)
    {
        var first = remote.Parts[0];
        var isLocal = first.Protocol is AddressProtocol.Ip4 or AddressProtocol.Ip6 && IPAddress.IsLoopback(new IPAddress(first.Value.Span));
        lock (_gate)
        {
            return isLocal ? [.. _loopback, .. _plain] : _plain;
        }
    }

    private static IEnumerable<IPAddress> Spelled(IPEndPoint bound) =>
        bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any) ? Interfaces(bound.AddressFamily) : [bound.Address];

    private static IEnumerable<IPAddress> Interfaces(AddressFamily family) =>
        from adapter in NetworkInterface.GetAllNetworkInterfaces()
        where adapter.OperationalStatus == OperationalStatus.Up
        from unicast in adapter.GetIPProperties().UnicastAddresses
        where unicast.Address.AddressFamily == family && !unicast.Address.IsIPv6LinkLocal
        select unicast.Address;
}
