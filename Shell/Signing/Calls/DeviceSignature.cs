using System.Security.Cryptography;

namespace Nitro.Signing.Calls;

/// <summary>Signatures of devices: ECDSA over P-256 with SHA-256, 64 bytes r, s.</summary>
public static class DeviceSignature
{
    /// <summary>The length of a public key: 04, x, y.</summary>
    public const int PublicKeyBytes = 65;

    /// <summary>The length of a signature.</summary>
    public const int SignatureBytes = 64;

    private const int WordBytes = 32;

    /// <summary>Whether the key signed these bytes. False for everything that is no key or no signature.</summary>
    public static bool IsBy(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureBytes || publicKey.Length != PublicKeyBytes || publicKey[0] != 4)
        {
            return false;
        }

        try
        {
            using var key = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = publicKey[1..(1 + WordBytes)].ToArray(), Y = publicKey[(1 + WordBytes)..].ToArray() },
            });
            return key.VerifyData(bytes, signature, HashAlgorithmName.SHA256);
        }
        catch (CryptographicException)
        {
            return false; // no point of the curve
        }
    }

    /// <summary>How envelopes name a device: SHA-256 of its public key, 32 bytes.</summary>
    public static byte[] CredentialOf(ReadOnlySpan<byte> publicKey) => SHA256.HashData(publicKey);
}
