using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Nitro.Libp2p.Noise;

/// <summary>A key pair of Curve25519. Not the identity: fresh and random.</summary>
internal sealed class X25519Key
{
    private readonly byte[] _private;
    private readonly byte[] _public = new byte[32];

    internal X25519Key(ReadOnlySpan<byte> private32)
    {
        _private = private32.ToArray();
        X25519.ScalarMultBase(_private, 0, _public, 0);
    }

    internal ReadOnlySpan<byte> Public => _public;

    internal static X25519Key Random()
    {
        Span<byte> seed = stackalloc byte[32];
        RandomNumberGenerator.Fill(seed);
        var key = new X25519Key(seed);
        CryptographicOperations.ZeroMemory(seed);
        return key;
    }

    /// <summary>The secret shared with the owner of a public key; false where it would be all zeros.</summary>
    internal bool TryAgree(ReadOnlySpan<byte> public32, out byte[] secret)
    {
        secret = new byte[32];
        return X25519.CalculateAgreement(_private, 0, public32.ToArray(), 0, secret, 0);
    }
}
