using System.Security.Cryptography;
using Nitro.Secp256k1;

namespace Nitro.Libp2p.Identity;

/// <summary>An identity whose secp256k1 key (32 bytes) is in this process.</summary>
public sealed class Secp256k1Identity : IIdentity
{
    private readonly byte[] _privateKey;

    /// <exception cref="ArgumentException">Not a private key.</exception>
    public Secp256k1Identity(ReadOnlySpan<byte> privateKey32)
    {
        Span<byte> point = stackalloc byte[65];
        Span<byte> compressed = stackalloc byte[33];
        if (!Curve.Default.TryGetPublicKey(privateKey32, point))
        {
            throw new ArgumentException("This is not a secp256k1 private key.", nameof(privateKey32));
        }

        compressed[0] = (byte)(2 + (point[64] & 1));
        point[1..33].CopyTo(compressed[1..]);
        PublicKey = PublicKey.TryCreate(KeyType.Secp256k1, compressed, out var key)
            ? key
            : throw new ArgumentException("This key has no public key.", nameof(privateKey32));
        _privateKey = privateKey32.ToArray();
    }

    /// <inheritdoc/>
    public PublicKey PublicKey { get; }

    /// <inheritdoc/>
    public ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) => new(Sign(message.Span));

    private byte[] Sign(ReadOnlySpan<byte> message)
    {
        Span<byte> digest = stackalloc byte[32];
        Span<byte> signature = stackalloc byte[65];
        SHA256.HashData(message, digest);
        return Curve.Default.TrySign(digest, _privateKey, signature)
            ? DerSignature.Write(signature[..64])
            : throw new InvalidOperationException("The curve refuses a key that it took before.");
    }
}
