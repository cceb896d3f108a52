using System.Net;

namespace Nitro.JsonRpc;

/// <summary>
/// Where a server listens. Plain HTTP when both files are absent (loopback only), TLS when both are given (PEM: the certificate with
/// its chain, and its unencrypted key). Port 0 takes a free port; <see cref="RpcServer.Addresses"/> tells which.
/// </summary>
public sealed record RpcEndpoint(IPAddress Address, int Port, string? CertificateFile = null, string? KeyFile = null)
{
    /// <summary>127.0.0.1:4005, go-nitro's default port.</summary>
    public static RpcEndpoint Default { get; } = new(IPAddress.Loopback, 4005);

    internal bool IsLoopback => IPAddress.IsLoopback(Address);

    internal bool IsTls => CertificateFile is not null || KeyFile is not null;
}
