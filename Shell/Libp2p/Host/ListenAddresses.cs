using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Nitro.Libp2p.Addresses;

namespace Nitro.Libp2p.Host;

/// <summary>Where others can reach this host: what is bound, with "any" spelled out, and what the configuration adds.</summary>
internal sealed class ListenAddresses(IReadOnlyList<Multiaddr> announced)
{
    private readonly Lock _gate = new();
    private readonly List<Multiaddr> _plain = [.. announced];
    private readonly List<Multiaddr> _loopback = [];

    /// <summary>Adds what a listening socket is bound to.</summary>
    internal void Add(IPEndPoint bound)
    {
        var addresses = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any)
            ? Interfaces(bound.AddressFamily)
            : [bound.Address];
        lock (_gate)
        {
            foreach (var address in addresses)
            {
                var list = IPAddress.IsLoopback(address) ? _loopback : _plain;
                list.Add(Multiaddr.Of(new IPEndPoint(address, bound.Port)));
            }
        }
    }

    /// <summary>What is told to a peer; loopback addresses only to one that came that way.</summary>
    internal IReadOnlyList<Multiaddr> For(Multiaddr remote)
    {
        var first = remote.Parts[0];
        var isLocal = first.Protocol is AddressProtocol.Ip4 or AddressProtocol.Ip6 && IPAddress.IsLoopback(new IPAddress(first.Value.Span));
        lock (_gate)
        {
            return isLocal ? [.. _loopback, .. _plain] : [.. _plain];
        }
    }

    private static IEnumerable<IPAddress> Interfaces(AddressFamily family) =>
        from adapter in NetworkInterface.GetAllNetworkInterfaces()
        where adapter.OperationalStatus == OperationalStatus.Up
        from unicast in adapter.GetIPProperties().UnicastAddresses
        where unicast.Address.AddressFamily == family && !unicast.Address.IsIPv6LinkLocal
        select unicast.Address;
}
