using Google.Protobuf;
using Google.Protobuf.Collections;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Identify;

/// <summary>A peer's description as bytes.</summary>
internal static class IdentifyMessage
{
    /// <summary>One message, without a signed record: peers then take the addresses as they are.</summary>
    internal static byte[] Write(PeerDescription description, PublicKey key)
    {
        var message = new Protos.Identify
        {
            PublicKey = ByteString.CopyFrom(key.Message.Span),
            Protocols = { description.Protocols },
            ProtocolVersion = description.ProtocolVersion,
            AgentVersion = description.AgentVersion,
        };
        message.ListenAddrs.AddRange(description.Addresses.Select(address => ByteString.CopyFrom(address.Bytes.Span)));
        if (description.Observed is { } observed)
        {
            message.ObservedAddr = ByteString.CopyFrom(observed.Bytes.Span);
        }

        return message.ToByteArray();
    }

    /// <summary>Reads the parts of a message as one. A valid signed record of the same peer has the last word on addresses.</summary>
    /// <param name="parts">What came, in order.</param>
    /// <param name="key">Whose connection it came on.</param>
    /// <param name="limit">How many addresses and protocols are kept.</param>
    /// <exception cref="Libp2pException">Malformed; NotAuthentic where another key is named.</exception>
    internal static PeerDescription Read(IEnumerable<byte[]> parts, PublicKey key, int limit)
    {
        var message = new Protos.Identify();
        try
        {
            foreach (var part in parts)
            {
                message.MergeFrom(part);
            }
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new Libp2pException(Libp2pError.Malformed, "A description cannot be read.", e);
        }

        if (message.HasPublicKey && !message.PublicKey.Span.SequenceEqual(key.Message.Span))
        {
            throw new Libp2pException(Libp2pError.NotAuthentic, "A peer describes somebody else.");
        }

        var addresses = message.HasSignedPeerRecord && SignedPeerRecord.TryOpen(message.SignedPeerRecord.Span, out var record)
                && record.Peer.Equals(PeerId.Of(key))
            ? [.. record.Addresses.Take(limit)]
            : Readable(message.ListenAddrs, limit);
        return new PeerDescription(
            addresses,
            [.. message.Protocols.Take(limit)],
            message.HasObservedAddr && Multiaddr.TryParse(message.ObservedAddr.Span, out var observed) ? observed : null,
            message.ProtocolVersion,
            message.AgentVersion);
    }

    /// <summary>Those that can be read; the others are left out.</summary>
    internal static IReadOnlyList<Multiaddr> Readable(RepeatedField<ByteString> addresses, int limit)
    {
        var read = new List<Multiaddr>();
        foreach (var bytes in addresses)
        {
            if (read.Count < limit && Multiaddr.TryParse(bytes.Span, out var address))
            {
                read.Add(address);
            }
        }

        return read;
    }
}
