using System.Net;
using Nitro.Grpc;
using Nitro.SignerApi;

namespace Nitro.Host.Options;

/// <summary>Where the node waits for its signers.</summary>
public sealed record RemoteSignerSettings
{
    private const string UnixScheme = "unix://";

    /// <summary>
    /// <c>unix:///path</c>; or an address and port for signers elsewhere, over TLS and for paired ones only; empty: <c>signer.sock</c> in
    /// the tenant's folder.
    /// </summary>
    public string Listen { get; set; } = "";

    /// <summary>What is wrong with <see cref="Listen"/>; null: nothing.</summary>
    internal string? Problem() => Listen == "" || Path() is not null
        ? null
        : !IPEndPoint.TryParse(Listen, out _) || !Listen.Contains(':')
            ? "it must be unix:///path, or an address and port such as 127.0.0.1:4006"
            : null;

    /// <summary>As the gRPC server takes it; <paramref name="door"/> is that of a TCP address.</summary>
    internal GrpcEndpoint Endpoint(string folder, PairedDoor? door) => Listen == ""
        ? GrpcEndpoint.Unix(System.IO.Path.Combine(folder, "signer.sock"))
        : Path() is { } path ? GrpcEndpoint.Unix(path) : GrpcEndpoint.Tcp(IPEndPoint.Parse(Listen), door?.Tls);

    /// <summary>Only its owner can reach it.</summary>
    internal bool IsPrivate => Listen == "" || Path() is not null;

    private string? Path() =>
        Listen.StartsWith(UnixScheme, StringComparison.Ordinal) && Listen.Length > UnixScheme.Length + 1 && Listen[UnixScheme.Length] == '/'
            ? Listen[UnixScheme.Length..]
            : null;
}
