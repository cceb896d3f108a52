using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nitro.Storage;

namespace Nitro.SignerProtocol;

/// <summary>
/// One side's key of the link between node and signer (P-256), in a file of its own. What the other side pins is the key's fingerprint, so
/// the certificate around it, which TLS wants, is made anew at each start and says nothing.
/// </summary>
public sealed class TransportKey : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(3650);

    private TransportKey(X509Certificate2 certificate) => Certificate = certificate;

    /// <summary>Self-signed, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>SHA-256 of the public key (SubjectPublicKeyInfo), 64 hexadecimal digits.</summary>
    public string Fingerprint => FingerprintOf(Certificate);

    /// <summary>The same of any certificate.</summary>
    public static string FingerprintOf(X509Certificate2 certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    /// <summary>Reads the key, or makes one where there is none.</summary>
    /// <exception cref="StorageException">The file cannot be used; the message never shows the key.</exception>
    public static TransportKey LoadOrCreate(string path)
    {
        var text = SecretFile.LoadOrCreate("The transport key", path, "delete it and pair again.", Fresh);
        using var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(Convert.FromBase64String(text), out _);
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            throw new StorageException($"The transport key {path} is damaged. Delete it and pair again.", e);
        }

        var request = new CertificateRequest("CN=nitro", key, HashAlgorithmName.SHA256);
        var now = DateTimeOffset.UtcNow;
        return new TransportKey(request.CreateSelfSigned(now - TimeSpan.FromDays(1), now + Validity));
    }

    /// <inheritdoc/>
    public void Dispose() => Certificate.Dispose();

    private static string Fresh()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }
}
