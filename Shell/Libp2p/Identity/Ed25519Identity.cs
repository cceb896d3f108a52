using Ed = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Nitro.Libp2p.Identity;

/// <summary>An identity whose Ed25519 seed (32 bytes) is in this process.</summary>
public sealed class Ed25519Identity : IIdentity
{
    private readonly byte[] _seed;

    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public Ed25519Identity(ReadOnlySpan<byte> seed32)
    {
        _seed = seed32.Length == 32 ? seed32.ToArray() : throw new ArgumentException("A seed is 32 bytes.", nameof(seed32));
        var raw = new byte[32];
        Ed.GeneratePublicKey(_seed, 0, raw, 0);
        PublicKey = PublicKey.TryCreate(KeyType.Ed25519, raw, out var key)
            ? key
            : throw new ArgumentException("This seed has no public key.", nameof(seed32));
    }

    /// <inheritdoc/>
    public PublicKey PublicKey { get; }

    /// <inheritdoc/>
    public ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var signature = new byte[64];
        Ed.Sign(_seed, 0, message.ToArray(), 0, message.Length, signature, 0);
        return new ValueTask<byte[]>(signature);
    }
}
