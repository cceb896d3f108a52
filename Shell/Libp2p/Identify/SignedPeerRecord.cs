using System.Diagnostics.CodeAnalysis;
using System.Text;
using Google.Protobuf;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Protos;

namespace Nitro.Libp2p.Identify;

/// <summary>A peer's addresses, signed by itself. The newer <see cref="Sequence"/> counts.</summary>
/// <param name="Peer">Whose addresses; its key made the signature.</param>
/// <param name="Sequence">Rises.</param>
/// <param name="Addresses">Those that can be read.</param>
public sealed record SignedPeerRecord(PeerId Peer, ulong Sequence, IReadOnlyList<Multiaddr> Addresses)
{
    private const int MaxAddresses = 128;

    private static readonly byte[] Domain = Encoding.ASCII.GetBytes("libp2p-peer-record");
    private static readonly byte[] PayloadType = [0x03, 0x01];

    /// <summary>Reads an envelope and checks its signature; false unless all of it is right.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> envelope, [NotNullWhen(true)] out SignedPeerRecord? record)
    {
        record = null;
        try
        {
            var outer = Envelope.Parser.ParseFrom(envelope);
            if (!outer.PayloadType.Span.SequenceEqual(PayloadType) || !PublicKey.TryParse(outer.PublicKey.Span, out var key)
                || !key.Verify(SignedBytes(outer.Payload.Span), outer.Signature.Span))
            {
                return false;
            }

            var inner = PeerRecord.Parser.ParseFrom(outer.Payload);
            if (!PeerId.TryParse(inner.PeerId.Span, out var peer) || !peer.Equals(PeerId.Of(key)))
            {
                return false;
            }

            var addresses = new List<Multiaddr>();
            foreach (var entry in inner.Addresses.Take(MaxAddresses))
            {
                if (Multiaddr.TryParse(entry.Multiaddr.Span, out var address))
                {
                    addresses.Add(address);
                }
            }

            record = new SignedPeerRecord(peer, inner.Seq, addresses);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    /// <summary>The envelope of this record, signed by its peer's identity.</summary>
    public async ValueTask<byte[]> SealAsync(IIdentity identity, CancellationToken cancellationToken)
    {
        var record = new PeerRecord { PeerId = ByteString.CopyFrom(Peer.Bytes.Span), Seq = Sequence };
        record.Addresses.AddRange(Addresses.Select(address => new AddressEntry { Multiaddr = ByteString.CopyFrom(address.Bytes.Span) }));
        var payload = record.ToByteArray();
        return new Envelope
        {
            PublicKey = ByteString.CopyFrom(identity.PublicKey.Message.Span),
            PayloadType = ByteString.CopyFrom(PayloadType),
            Payload = ByteString.CopyFrom(payload),
            Signature = ByteString.CopyFrom(await identity.SignAsync(SignedBytes(payload), cancellationToken).ConfigureAwait(false)),
        }.ToByteArray();
    }

    /// <summary>What the signature is made over.</summary>
    internal static byte[] SignedBytes(ReadOnlySpan<byte> payload) =>
        [.. Delimited.Frame(Domain), .. Delimited.Frame(PayloadType), .. Delimited.Frame(payload)];
}
