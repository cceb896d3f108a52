using System.Text;
using Google.Protobuf;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Protos;

namespace Nitro.Libp2p.Noise;

/// <summary>
/// The static key of a process and the identity's signature over it. Made once, so that an identity whose key is elsewhere
/// signs once and not for each connection.
/// </summary>
internal sealed class NoiseCredentials
{
    private static readonly byte[] Prefix = Encoding.ASCII.GetBytes("noise-libp2p-static-key:");

    private readonly byte[] _payload;

    private NoiseCredentials(X25519Key staticKey, byte[] payload)
    {
        StaticKey = staticKey;
        _payload = payload;
    }

    internal X25519Key StaticKey { get; }

    internal ReadOnlySpan<byte> Payload => _payload;

    internal static async ValueTask<NoiseCredentials> CreateAsync(
        IIdentity identity, X25519Key staticKey, IReadOnlyList<string> muxers, CancellationToken cancellationToken)
    {
        var signature = await identity.SignAsync(Signed(staticKey.Public), cancellationToken).ConfigureAwait(false);
        var payload = new HandshakePayload
        {
            IdentityKey = ByteString.CopyFrom(identity.PublicKey.Message.Span),
            IdentitySig = ByteString.CopyFrom(signature),
            Extensions = new HandshakeExtensions { StreamMuxers = { muxers } },
        };
        return new NoiseCredentials(staticKey, payload.ToByteArray());
    }

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

        if (!key.Verify(Signed(theirStatic), said.IdentitySig.Span))
        {
            throw new Libp2pException(Libp2pError.NotAuthentic, "The other side's identity did not sign the key of this handshake.");
        }

        IReadOnlyList<string> muxers = said.Extensions?.StreamMuxers is { Count: <= 100 } listed ? listed : [];
        return (key, muxers);
    }

    private static byte[] Signed(ReadOnlySpan<byte> staticKey) => [.. Prefix, .. staticKey];
}
