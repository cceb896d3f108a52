using Google.Protobuf;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Identify;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Protos;

namespace Nitro.Libp2p.Kademlia;

/// <summary>The table's messages on a stream.</summary>
internal static class KadWire
{
    // go writes it always and ignores it.
    private const int ClusterLevel = 1;

    /// <summary>The next message; null where the stream ends.</summary>
    /// <exception cref="Libp2pException">Malformed.</exception>
    internal static async ValueTask<KadMessage?> ReadAsync(Stream stream, KadOptions options, CancellationToken cancellationToken)
    {
        var bytes = await Delimited.ReadAsync(stream, options.MaxMessage, cancellationToken).ConfigureAwait(false);
        return bytes is null ? null : Parse(bytes);
    }

    internal static ValueTask WriteAsync(Stream stream, KadMessage message, CancellationToken cancellationToken)
    {
        message.ClusterLevelRaw = ClusterLevel;
        return Delimited.WriteAsync(stream, message.ToByteArray(), cancellationToken);
    }

    /// <exception cref="Libp2pException">Malformed.</exception>
    internal static KadMessage Parse(byte[] bytes)
    {
        try
        {
            return KadMessage.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new Libp2pException(Libp2pError.Malformed, "A message of the hash table cannot be read.", e);
        }
    }

    /// <summary>Those peers of a reply that can be read, no more than a reply may name.</summary>
    internal static IEnumerable<KadContact> Contacts(KadMessage message, KadOptions options)
    {
        foreach (var peer in message.CloserPeers.Take(2 * options.BucketSize))
        {
            if (PeerId.TryParse(peer.Id.Span, out var id))
            {
                yield return new KadContact(id, Dialable(IdentifyMessage.Readable(peer.Addrs, options.MaxAddresses), id));
            }
        }
    }

    internal static KadPeer ToPeer(KadContact contact, bool isConnected)
    {
        var peer = new KadPeer
        {
            Id = ByteString.CopyFrom(contact.Peer.Bytes.Span),
            Connection = isConnected ? KadConnection.Connected : KadConnection.NotConnected,
        };
        peer.Addrs.AddRange(contact.Addresses.Select(address => ByteString.CopyFrom(address.Bytes.Span)));
        return peer;
    }

    /// <summary>Without the peer's own id at the end, and without those that name somebody else.</summary>
    internal static IReadOnlyList<Multiaddr> Dialable(IEnumerable<Multiaddr> addresses, PeerId peer) =>
        [.. addresses.Where(address => address.Peer is null || address.Peer.Equals(peer)).Select(address => address.WithoutPeer()).OfType<Multiaddr>()];
}
