using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Nitro.Grpc;

/// <summary>Where a server listens: a TCP address, with TLS or without, or a Unix socket.</summary>
public sealed class GrpcEndpoint
{
    private GrpcEndpoint(IPEndPoint? address, string? socketFile, HttpsConnectionAdapterOptions? tls) =>
        (Address, SocketFile, Tls) = (address, socketFile, tls);

    internal IPEndPoint? Address { get; }

    internal string? SocketFile { get; }

    internal HttpsConnectionAdapterOptions? Tls { get; }

    /// <summary>TCP; port 0 takes any free one. <paramref name="tls"/>: the certificate, and which client certificates are asked for and taken.</summary>
    public static GrpcEndpoint Tcp(IPEndPoint address, HttpsConnectionAdapterOptions? tls = null) => new(address, null, tls);

    /// <summary>
    /// A Unix socket, readable for its owner alone. One that a killed process left behind is replaced. Until its rights are set, those
    /// of the folder guard it: use a folder of the owner's own.
    /// </summary>
    public static GrpcEndpoint Unix(string socketFile) => new(null, Path.GetFullPath(socketFile), null);

    /// <summary>The address as a client writes it.</summary>
    public override string ToString() =>
        SocketFile is not null ? $"unix://{SocketFile}" : $"{(Tls is null ? "http" : "https")}://{Address}";
}
