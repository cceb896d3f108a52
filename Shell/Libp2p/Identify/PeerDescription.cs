using Nitro.Libp2p.Addresses;

namespace Nitro.Libp2p.Identify;

/// <summary>What a peer says of itself. Hints, all of it: nothing here is proven.</summary>
/// <param name="Addresses">Where it says it listens.</param>
/// <param name="Protocols">What it says it speaks.</param>
/// <param name="Observed">Where it sees us, if it says so.</param>
/// <param name="ProtocolVersion">Free text.</param>
/// <param name="AgentVersion">Free text.</param>
public sealed record PeerDescription(
    IReadOnlyList<Multiaddr> Addresses, IReadOnlyList<string> Protocols, Multiaddr? Observed, string ProtocolVersion, string AgentVersion)
{
    /// <summary>Whether the peer lists a protocol.</summary>
    public bool Speaks(string protocol) => Protocols.Contains(protocol, StringComparer.Ordinal);
}
