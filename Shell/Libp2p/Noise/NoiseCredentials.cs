using System.Text;
using Google.Protobuf;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Protos;

namespace Nitro.Libp2p.Noise;

/// <summary>
/// The static key of a process and the identity's signature over it. Made once, so that an identity whose key is elsewhere
/// signs once and not for each connection.
/// </summary>
public sealed class NoiseCredentials
{
    private static readonly byte[] Prefix = Encoding.ASCII.GetBytes("noise-libp2p-static-key:");

    private readonly byte[] _payload;

    private NoiseCredentials(PublicKey identity, X25519Key staticKey, byte[] payload)
    {
        Identity = identity;
        StaticKey = staticKey;
        _payload = payload;
    }

    /// <summary>Whose they are.</summary>
    public PublicKey Identity { get; }

    internal X25519Key StaticKey { get; }

    internal ReadOnlySpan<byte> Payload => _payload;

    internal static async ValueTask<NoiseCredentials> CreateAsync(
        IIdentity identity, X25519Key staticKey, IReadOnlyList<string> muxers, CancellationToken cancellationToken)
    {
        var signature = await identity.SignAsync(SignedBytes(staticKey.Public), cancellationToken).ConfigureAwait(false);
        return Of(identity.PublicKey, staticKey, signature, muxers);
    }

    /// <summary>With a signature that was made already.</summary>
    internal static NoiseCredentials Of(PublicKey identity, X25519Key staticKey, byte[] signature) => Of(identity, staticKey, signature, Upgrader.Muxers);

    /// <summary>What the identity signs.</summary>
    internal static byte[] SignedBytes(ReadOnlySpan<byte> staticKey) => [.. Prefix, .. staticKey];

    /// <summary>Whose payload it is and which muxers it lists, checked against the static key of this handshake.</summary>
    /// <exception cref="Libp2pException">Malformed, NotAuthentic.</exception>
    internal static (PublicKey Key, IReadOnlyList<string> Muxers) Check(byte[] payload, ReadOnlySpan<byte> theirStatic)
    {
        HandshakePayload said;
        try
        {
            said = HandshakePayload.Parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new Libp2pException(Libp2pError.Malformed, "The payload of the Noise handshake cannot be read.", e);
        }

        if (!PublicKey.TryParse(said.IdentityKey.Span, out var key))
        {
            throw new Libp2pException(Libp2pError.NotAuthentic, "The other side shows no identity key of a kind that is supported.");
        }

        if (!key.Verify(SignedBytes(theirStatic), said.IdentitySig.Span))
        {
            throw new Libp2pException(Libp2pError.NotAuthentic, "The other side's identity did not sign the key of this handshake.");
        }

        IReadOnlyList<string> muxers = said.Extensions?.StreamMuxers is { Count: <= 100 } listed ? listed : [];
        return (key, muxers);
    }

    private static NoiseCredentials Of(PublicKey identity, X25519Key staticKey, byte[] signature, IReadOnlyList<string> muxers)
    {
        var payload = new HandshakePayload
        {
            IdentityKey = ByteString.CopyFrom(identity.Message.Span),
            IdentitySig = ByteString.CopyFrom(signature),
            Extensions = new HandshakeExtensions { StreamMuxers = { muxers } },
        };
        return new NoiseCredentials(identity, staticKey, payload.ToByteArray());
    }
}
