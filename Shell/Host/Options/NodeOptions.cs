namespace Nitro.Host.Options;

/// <summary>All settings of a node process, as <c>nitro.json</c> has them. See <see cref="NodeConfiguration"/> for where they come from.</summary>
public sealed record NodeOptions
{
    /// <summary>The name of the only tenant where none is named.</summary>
    public const string DefaultTenant = "default";

    /// <summary>The chain's endpoint.</summary>
    public ChainSettings Chain { get; set; } = new();

    /// <summary>Where the contracts are.</summary>
    public ContractSettings Contracts { get; set; } = new();

    /// <summary>The folder of all data.</summary>
    public string DataDirectory { get; set; } = "./data";

    /// <summary>
    /// <c>sqlite</c>; <c>memory</c>: forgets everything but keys and marks at the end; or a connection string of EventStoreDB, which may
    /// have a password in it: never to be logged.
    /// </summary>
    public string Journal { get; set; } = "sqlite";

    /// <summary>Records after which a journal gets a new epoch, where that makes it a quarter or less; 0: never.</summary>
    public uint EpochRecords { get; set; } = 200_000;

    /// <summary>Records after which the state is kept anew beside the journal, for a quick restart; 0: never.</summary>
    public uint SnapshotRecords { get; set; } = 100_000;

    /// <summary>Where the keys are.</summary>
    public KeySettings Keys { get; set; } = new();

    /// <summary>Who holds them.</summary>
    public SignerSettings Signer { get; set; } = new();

    /// <summary>How the API is served.</summary>
    public RpcSettings Rpc { get; set; } = new();

    /// <summary>How peers outside this process are reached.</summary>
    public NetworkSettings Network { get; set; } = new();

    /// <summary>What a peer's proposal must satisfy.</summary>
    public PolicySettings Policy { get; set; } = new();

    /// <summary>Seconds; stands for 0 in requests.</summary>
    public uint DefaultChallengeDuration { get; set; } = 86_400;

    /// <summary>Seconds that an opening may take before it is undone.</summary>
    public uint OpeningSeconds { get; set; } = 600;

    /// <summary>What is known of peers, by address.</summary>
    public Dictionary<string, PeerSettings> Peers { get; set; } = [];

    /// <summary>Logging.</summary>
    public LogSettings Log { get; set; } = new();

    /// <summary>The tenants by name; none: one named <see cref="DefaultTenant"/>.</summary>
    public Dictionary<string, TenantOptions> Tenants { get; set; } = [];
}
