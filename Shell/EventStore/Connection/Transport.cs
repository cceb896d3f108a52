using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Nitro.Grpc;
using Nitro.Ports;

namespace Nitro.EventStore.Connection;

/// <summary>Makes channels to servers, and what is sent with each call.</summary>
internal sealed class Transport
{
    /// <summary>Events up to 16 MiB may stand in a store.</summary>
    private const int LargestReply = 17 * 1024 * 1024;

    private readonly EventStoreSettings settings;
    private readonly GrpcChannelOptions options;
    private readonly GrpcMetadata metadata = new();

    /// <exception cref="JournalException">A file that the settings name cannot be read.</exception>
    internal Transport(EventStoreSettings settings)
    {
        this.settings = settings;
        options = new GrpcChannelOptions
        {
            Tls = settings.Tls ? Tls(settings) : null,
            MaxReceiveBytes = LargestReply,
            ConnectTimeout = settings.Deadline,
            PingDelay = settings.PingInterval,
            PingTimeout = settings.PingTimeout,
        };
        metadata.Add("requires-leader", "true");
        if (settings.ConnectionName is { } name)
        {
            metadata.Add("connection-name", name);
        }

        // A server without TLS asks nobody who he is: there the password would only travel for all to read.
        if (settings is { Tls: true, User: { } user })
        {
            metadata.Add("authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{settings.Password}")));
        }
    }

    internal GrpcChannel Open(ServerAddress server) => new(new Uri($"{(settings.Tls ? "https" : "http")}://{server}"), options);

    /// <summary>For a call that stands.</summary>
    internal GrpcCallOptions Unlimited => new() { Metadata = metadata };

    internal GrpcCallOptions Within(TimeSpan time) => new() { Metadata = metadata, Timeout = time };

    private static SslClientAuthenticationOptions Tls(EventStoreSettings settings)
    {
        var tls = new SslClientAuthenticationOptions();
        try
        {
            if (settings.AuthorityFile is { } authorities)
            {
                var roots = new X509Certificate2Collection();
                roots.ImportFromPemFile(authorities);
                if (roots.Count == 0)
                {
                    throw new CryptographicException($"{authorities} has no certificate.");
                }

                tls.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
                };
                tls.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
            }

            if (settings is { ClientCertificateFile: { } certificate, ClientKeyFile: { } key })
            {
                tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, key)];
            }
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"A certificate for {settings} cannot be read: {e.Message} Check tlsCaFile, userCertFile and userKeyFile of the connection string.",
                e);
        }

        if (!settings.VerifiesCertificate)
        {
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }

        return tls;
    }

    /// <summary>Whether a server was reached, and could not be trusted.</summary>
    internal static bool IsDistrust(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
            {
                return true;
            }
        }

        return false;
    }
}
