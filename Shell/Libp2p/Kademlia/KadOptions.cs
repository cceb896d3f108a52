namespace Nitro.Libp2p.Kademlia;

/// <summary>The bounds of the distributed hash table, and the names under which it is spoken.</summary>
public sealed record KadOptions
{
    /// <summary>The protocol's name.</summary>
    public string Protocol { get; init; } = "/nitro/kad/1.0.0";

    /// <summary>How many peers are closest: those that hold a record, and those that a reply names.</summary>
    public int BucketSize { get; init; } = 20;

    /// <summary>Requests of one lookup under way at a time.</summary>
    public int Parallelism { get; init; } = 10;

    /// <summary>Peers that one lookup asks at most, however long the chain that hostile peers make up.</summary>
    public int MaxQueries { get; init; } = 200;

    /// <summary>Peers that are remembered.</summary>
    public int MaxPeers { get; init; } = 1024;

    /// <summary>Addresses of a peer that are remembered.</summary>
    public int MaxAddresses { get; init; } = 16;

    /// <summary>Bytes of a message.</summary>
    public int MaxMessage { get; init; } = 64 * 1024;

    /// <summary>Bytes of a record's value.</summary>
    public int MaxValue { get; init; } = 4096;

    /// <summary>Bytes of a key.</summary>
    public int MaxKey { get; init; } = 128;

    /// <summary>Records that are stored for others.</summary>
    public int MaxRecords { get; init; } = 10_000;

    /// <summary>Records that one peer may put within a minute.</summary>
    public int MaxPutsPerMinute { get; init; } = 20;

    /// <summary>For a request and its reply.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the next request on a stream that a peer opened.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>After which a record no longer counts.</summary>
    public TimeSpan MaxRecordAge { get; init; } = TimeSpan.FromHours(24);
}
