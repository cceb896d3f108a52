using System.Security.Cryptography;

namespace Nitro.Signing;

/// <summary>The keys of devices that approve: P-256, named by their SubjectPublicKeyInfo; signatures are r and s, 64 bytes, over SHA-256.</summary>
internal static class DeviceKey
{
    /// <summary>Whether the key made the signature under the message; false for anything that is no key.</summary>
    internal static bool Attests(ReadOnlySpan<byte> key, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> message)
    {
        try
        {
            using var device = ECDsa.Create();
            device.ImportSubjectPublicKeyInfo(key, out var read);
            return read == key.Length
                && device.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value
                && device.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
