namespace Nitro.Host.Options;

/// <summary>What one tenant has otherwise than the process. Configuration section <c>tenants</c>, by name; null takes the process's setting.</summary>
public sealed record TenantOptions
{
    /// <summary>The tenant's own folder; default: its name within the process's data directory.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Where its keys are.</summary>
    public KeySettings? Keys { get; set; }

    /// <summary>Who holds them.</summary>
    public SignerSettings? Signer { get; set; }

    /// <summary>How its API is served.</summary>
    public RpcSettings? Rpc { get; set; }

    /// <summary>How its peers are reached.</summary>
    public NetworkSettings? Network { get; set; }

    /// <summary>Its policy, each rule by itself.</summary>
    public PolicySettings? Policy { get; set; }

    /// <summary>Its peers, in place of the process's.</summary>
    public Dictionary<string, PeerSettings>? Peers { get; set; }
}
