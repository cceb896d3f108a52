using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Kademlia;

/// <summary>A peer that serves the table, or is said to, and where it is said to be.</summary>
public sealed record KadContact(PeerId Peer, IReadOnlyList<Multiaddr> Addresses)
{
    /// <summary>Its place.</summary>
    public KadId Id { get; } = KadId.Of(Peer.Bytes.Span);
}
