using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nitro.JsonRpc;

/// <summary>The certificate an endpoint shows, and the intermediates that came in the same file.</summary>
internal sealed record ServerCertificate(X509Certificate2 Certificate, X509Certificate2Collection Chain)
{
    public static ServerCertificate? Read(RpcEndpoint endpoint)
    {
        if (!endpoint.IsTls)
        {
            return null;
        }

        if (endpoint.CertificateFile is not { } certificateFile || endpoint.KeyFile is not { } keyFile)
        {
            throw new RpcSetupException(
                $"TLS on {endpoint.Address}:{endpoint.Port} has only one of certificate and key. Configure both PEM files, or "
                + "neither for plain HTTP.");
        }

        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificateFile);
            return new ServerCertificate(X509Certificate2.CreateFromPemFile(certificateFile, keyFile), chain);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new RpcSetupException(
                $"TLS cannot start with certificate {certificateFile} and key {keyFile}: {e.Message} Both must be PEM files, readable for "
                + "the node's user, and the key unencrypted and the certificate's own.",
                e);
        }
    }
}
