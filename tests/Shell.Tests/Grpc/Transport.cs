namespace Nitro.Shell.Tests.Grpc;

/// <summary>What lies between client and server.</summary>
public enum Transport
{
    /// <summary>TCP, HTTP/2 without TLS.</summary>
    Plain,

    /// <summary>TCP with TLS and a client certificate.</summary>
    Tls,

    /// <summary>A Unix socket.</summary>
    Unix,
}
