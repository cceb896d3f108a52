namespace Nitro.Libp2p.Identity;

/// <summary>Who this host is. The key may live elsewhere, so signing is a request.</summary>
public interface IIdentity
{
    /// <summary>The public key; the peer id follows from it.</summary>
    PublicKey PublicKey { get; }

    /// <summary>Signs the message: DER over its SHA-256 for secp256k1, 64 bytes for Ed25519.</summary>
    ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken);
}
