using System.Net.Security;

namespace Nitro.Grpc;

/// <summary>How a client reaches and trusts a server, and its limits. Sizes in bytes.</summary>
public sealed record GrpcChannelOptions
{
    /// <summary>For addresses with https: client certificates, roots of trust (<c>CertificateChainPolicy</c>), name to check; null: the system's.</summary>
    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>Longest message taken, unpacked.</summary>
    public int MaxReceiveBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Longest message sent.</summary>
    public int MaxSendBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Time for a connection to stand.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence during calls after which the client asks whether the server lives; at least a second.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for the answer to that; at least a second. Afterwards the connection's calls fail with UNAVAILABLE.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
