using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nitro.JsonRpc;

/// <summary>The HTTP connection of a client: proxies only for other machines, a certificate of the operator's choice.</summary>
internal static class ClientTransport
{
    public static SocketsHttpHandler Create(Uri api, RpcClientOptions options)
    {
        var handler = new SocketsHttpHandler { UseProxy = !api.IsLoopback, AllowAutoRedirect = false, UseCookies = false };
        if (options.TrustedCertificateFile is { } file)
        {
            X509Certificate2Collection trusted = Read(file);
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck, // the operator named this very certificate
            };
            policy.CustomTrustStore.AddRange(trusted);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        return handler;
    }

    private static X509Certificate2Collection Read(string file)
    {
        try
        {
            var trusted = new X509Certificate2Collection();
            trusted.ImportFromPemFile(file);
            return trusted;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new RpcSetupException($"The certificate to trust, {file}, cannot be read: {e.Message} Give a PEM file.", e);
        }
    }
}
