using System.Net;
using Nitro.Grpc;

namespace Nitro.Host.Options;

/// <summary>Where the node waits for its signers.</summary>
public sealed record RemoteSignerSettings
{
    private const string UnixScheme = "unix://";

    /// <summary><c>unix:///path</c>, or <c>host:port</c> of this machine; empty: <c>signer.sock</c> in the tenant's folder.</summary>
    public string Listen { get; set; } = "";

    /// <summary>What is wrong with <see cref="Listen"/>; null: nothing.</summary>
    internal string? Problem() => Listen == "" || Path() is not null
        ? null
        : !IPEndPoint.TryParse(Listen, out var address) || !Listen.Contains(':')
            ? "it must be unix:///path or host:port"
            : IPAddress.IsLoopback(address.Address)
                ? null
                : "other machines could attach a signer there, and nobody asks who they are: use an address of this machine, such as 127.0.0.1:4006";

    /// <summary>As the gRPC server takes it.</summary>
    internal GrpcEndpoint Endpoint(string folder) => Listen == ""
        ? GrpcEndpoint.Unix(System.IO.Path.Combine(folder, "signer.sock"))
        : Path() is { } path ? GrpcEndpoint.Unix(path) : GrpcEndpoint.Tcp(IPEndPoint.Parse(Listen));

    /// <summary>Only its owner can reach it.</summary>
    internal bool IsPrivate => Listen == "" || Path() is not null;

    private string? Path() =>
        Listen.StartsWith(UnixScheme, StringComparison.Ordinal) && Listen.Length > UnixScheme.Length + 1 && Listen[UnixScheme.Length] == '/'
            ? Listen[UnixScheme.Length..]
            : null;
}
