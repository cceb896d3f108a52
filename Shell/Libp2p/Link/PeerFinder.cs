using System.Collections.Concurrent;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Kademlia;
using Nitro.Libp2p.Records;

namespace Nitro.Libp2p.Link;

/// <summary>Finds the connection to a state-channel address: one that stands, else by configuration, else by address record.</summary>
internal sealed class PeerFinder(Swarm swarm, KadDht dht, LinkOptions options)
{
    private readonly ConcurrentDictionary<string, PeerId> _connected = new(StringComparer.Ordinal);

    /// <summary>A peer has connected, which proves its address.</summary>
    internal void Learn(byte[] address, PeerId peer) => _connected[PeerAddress.Name(address)] = peer;

    /// <summary>The last connection to a peer has ended.</summary>
    internal void Forget(byte[] address, PeerId peer)
    {
        if (swarm.Find(peer) is null)
        {
            _connected.TryRemove(PeerAddress.Name(address), out _);
        }
    }

    /// <summary>The connection to an address.</summary>
    /// <exception cref="Libp2pException">Unreachable, or what dialing failed with.</exception>
    internal async Task<Connection> FindAsync(ReadOnlyMemory<byte> address, CancellationToken cancellationToken)
    {
        var name = PeerAddress.Name(address.Span);
        var configured = options.Peers.GetValueOrDefault(name);
        var peer = _connected.GetValueOrDefault(name) ?? configured?.Peer ?? await ResolveAsync(address, cancellationToken).ConfigureAwait(false);
        if (swarm.Find(peer) is { } standing)
        {
            return standing;
        }

        IReadOnlyList<Multiaddr> addresses = configured?.WithoutPeer() is { } given && peer.Equals(configured.Peer)
            ? [given]
            : await dht.FindPeerAsync(peer, cancellationToken).ConfigureAwait(false);
        return await swarm.DialAsync(peer, addresses, cancellationToken).ConfigureAwait(false);
    }

    private async Task<PeerId> ResolveAsync(ReadOnlyMemory<byte> address, CancellationToken cancellationToken)
    {
        var text = EthereumAddress.ToText(address.Span);
        var found = await dht.ResolveAsync(AddressRecord.KeyOf(text), cancellationToken).ConfigureAwait(false);
        var oldest = swarm.Options.Time.GetUtcNow().AddHours(-24).ToUnixTimeSeconds();
        return found is { } json && AddressRecord.TryParse(json.Span, out var record) && record.Timestamp >= oldest
            && PeerId.TryParse(record.PeerId.AsSpan(), out var peer)
                ? peer
                : throw new Libp2pException(Libp2pError.Unreachable, $"Nobody knows where {text} is.");
    }
}
