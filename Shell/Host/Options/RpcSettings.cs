namespace Nitro.Host.Options;

/// <summary>How the API is served. Configuration section <c>rpc</c>; null takes the default.</summary>
public sealed record RpcSettings
{
    /// <summary>Address and port; default 127.0.0.1:4005. Port 0 takes a free one; empty serves no API.</summary>
    public string? Listen { get; set; }

    /// <summary>Web origins whose pages may call.</summary>
    public List<string>? Origins { get; set; }

    /// <summary>Names, besides loopback names, that a Host header may carry.</summary>
    public List<string>? Hosts { get; set; }

    /// <summary>PEM certificate for TLS; with <see cref="KeyFile"/>.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM key for TLS.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Empty, or <c>go-nitro</c>: transports and tokens exactly as go-nitro has them, on loopback only.</summary>
    public string? Compat { get; set; }

    /// <summary>Calls that need the permission <c>sign</c> are taken only if an enrolled device has signed them.</summary>
    public bool? RequireSigned { get; set; }

    /// <summary>These, and for what is not set the lower ones.</summary>
    internal RpcSettings Over(RpcSettings lower) => new()
    {
        Listen = Listen ?? lower.Listen,
        Origins = Origins ?? lower.Origins,
        Hosts = Hosts ?? lower.Hosts,
        CertificateFile = CertificateFile ?? lower.CertificateFile,
        KeyFile = KeyFile ?? lower.KeyFile,
        Compat = Compat ?? lower.Compat,
        RequireSigned = RequireSigned ?? lower.RequireSigned,
    };
}
