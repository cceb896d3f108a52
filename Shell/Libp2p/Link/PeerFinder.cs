using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Kademlia;
using Nitro.Libp2p.Records;

namespace Nitro.Libp2p.Link;

/// <summary>Finds the connection to a state-channel address: one that stands, else by configuration, by address record, by hint.</summary>
internal sealed class PeerFinder(Swarm swarm, KadDht dht, LinkOptions options)
{
    private readonly ConcurrentDictionary<string, PeerId> _connected = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<Connection, StrongBox<byte[]?>> _addresses = [];
    private readonly ConcurrentDictionary<PeerId, string> _hints = new();
    private readonly Dictionary<PeerId, byte[]> _configured = options.Peers
        .Where(peer => peer.Value.Peer is not null)
        .GroupBy(peer => peer.Value.Peer!)
        .ToDictionary(same => same.Key, same => Convert.FromHexString(same.First().Key));

    /// <summary>State-channel peers that are connected.</summary>
    internal int Connected => _connected.Count;

    /// <summary>
    /// The address (20 bytes) that a connection's peer speaks for: that of its identity; else the one whose place the configuration says
    /// it is; else null.
    /// </summary>
    internal byte[]? AddressOf(Connection connection) => _addresses.GetValue(
        connection,
        met => new StrongBox<byte[]?>(PeerAddress.TryOf(met.RemoteKey, out var address) ? address : _configured.GetValueOrDefault(met.Peer))).Value;

    /// <summary>A peer has connected, which proves its address.</summary>
    internal void Learn(byte[] address, PeerId peer) => _connected[PeerAddress.Name(address)] = peer;

    /// <summary>A connected peer says that it is this address, which its identity does not prove.</summary>
    internal void Hint(byte[] address, PeerId peer)
    {
        if (swarm.Find(peer) is not null)
        {
            _hints[peer] = PeerAddress.Name(address);
        }
    }

    /// <summary>A connection to a peer has ended; the last one takes what is known of it along.</summary>
    internal void Forget(byte[]? address, PeerId peer)
    {
        if (swarm.Find(peer) is not null)
        {
            return;
        }

        _hints.TryRemove(peer, out _);
        if (address is not null)
        {
            _connected.TryRemove(new(PeerAddress.Name(address), peer));
        }
    }

    /// <summary>The connection that stands to a peer of this name, if there is one.</summary>
    internal Connection? Standing(string name) => _connected.TryGetValue(name, out var peer) ? swarm.Find(peer) : null;

    /// <summary>The connection to an address.</summary>
    /// <exception cref="Libp2pException">Unreachable, or what dialing failed with.</exception>
    internal async Task<Connection> FindAsync(ReadOnlyMemory<byte> address, CancellationToken cancellationToken)
    {
        var name = PeerAddress.Name(address.Span);
        var configured = options.Peers.GetValueOrDefault(name);
        var peer = _connected.GetValueOrDefault(name) ?? configured?.Peer ?? await ResolveAsync(address, name, cancellationToken).ConfigureAwait(false);
        if (swarm.Find(peer) is { } standing)
        {
            return standing;
        }

        IReadOnlyList<Multiaddr> addresses = configured?.WithoutPeer() is { } given && peer.Equals(configured.Peer)
            ? [given]
            : await dht.FindPeerAsync(peer, cancellationToken).ConfigureAwait(false);
        return await swarm.DialAsync(peer, addresses, cancellationToken).ConfigureAwait(false);
    }

    private async Task<PeerId> ResolveAsync(ReadOnlyMemory<byte> address, string name, CancellationToken cancellationToken)
    {
        var text = EthereumAddress.ToText(address.Span);
        var found = await dht.ResolveAsync(AddressRecord.KeyOf(text), cancellationToken).ConfigureAwait(false);
        var oldest = swarm.Options.Time.GetUtcNow().AddHours(-24).ToUnixTimeSeconds();
        return found is { } json && AddressRecord.TryParse(json.Span, out var record) && record.Timestamp >= oldest
            && PeerId.TryParse(record.PeerId.AsSpan(), out var peer)
                ? peer
                : _hints.FirstOrDefault(hint => hint.Value == name).Key
                    ?? throw new Libp2pException(Libp2pError.Unreachable, $"Nobody knows where {text} is.");
    }
}
