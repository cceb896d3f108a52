namespace Nitro.Host.Options;

/// <summary>How peers outside this process are reached. Configuration section <c>network</c>; null takes the default.</summary>
public sealed record NetworkSettings
{
    /// <summary>
    /// Where others connect: multiaddrs (<c>/ip4/0.0.0.0/tcp/3005</c>) or <c>address:port</c>; port 0 takes a free one. Default
    /// 127.0.0.1:3005 for the only tenant, nowhere for one of several. Empty: nowhere, and others are still dialed.
    /// </summary>
    public List<string>? Listen { get; set; }

    /// <summary>What others are told in place of <see cref="Listen"/>: multiaddrs, such as <c>/dns4/node.example/tcp/3005</c>.</summary>
    public List<string>? Announce { get; set; }

    /// <summary>Multiaddrs with peer id, of peers to be connected to always: whoever is not configured is found through them.</summary>
    public List<string>? BootPeers { get; set; }

    /// <summary>Connections at a time; default 1024.</summary>
    public uint? MaxConnections { get; set; }

    /// <summary>These, and for what is not set the lower ones.</summary>
    internal NetworkSettings Over(NetworkSettings lower) => new()
    {
        Listen = Listen ?? lower.Listen,
        Announce = Announce ?? lower.Announce,
        BootPeers = BootPeers ?? lower.BootPeers,
        MaxConnections = MaxConnections ?? lower.MaxConnections,
    };
}
