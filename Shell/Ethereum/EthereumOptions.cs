using System.Numerics;

namespace Nitro.Ethereum;

/// <summary>Everything that can be set about one chain endpoint: where it is, what is followed, and each limit and interval.</summary>
public sealed record EthereumOptions
{
    /// <summary>The node's JSON-RPC URL: http, https, ws or wss. With ws the node rings when there is news; with http it is polled.</summary>
    public required Uri Url { get; init; }

    /// <summary>Sent as <c>Authorization: Bearer</c> where given.</summary>
    public string? BearerToken { get; init; }

    /// <summary>The chain that must answer; null takes the one that answers first, and then holds to it.</summary>
    public ulong? ChainId { get; init; }

    /// <summary>The followed contract, 20 bytes.</summary>
    public required ReadOnlyMemory<byte> Contract { get; init; }

    /// <summary>Contracts that must be on the chain besides, 20 bytes each, by what the operator calls them: states name them as judges.</summary>
    public IReadOnlyList<(string Name, ReadOnlyMemory<byte> Address)> Judges { get; init; } = [];

    /// <summary>The database file (<c>chain.db</c>); its folder must exist.</summary>
    public required string StorePath { get; init; }

    /// <summary>The first block to look at: the one that deployed the contract, or any before.</summary>
    public long StartHeight { get; init; }

    /// <summary>A log in block B is final when the newest block is B + this or later. 0 is allowed.</summary>
    public int Confirmations { get; init; } = 2;

    /// <summary>How often the node is asked over http, and how often pending transactions are looked at.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the node is asked over ws even if it does not ring: subscriptions get lost silently.</summary>
    public TimeSpan ReconcileInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one request may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The longest answer that is read, in bytes.</summary>
    public int MaxResponseBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>The most blocks asked for in one eth_getLogs; halved by itself while the node refuses.</summary>
    public int LogChunkBlocks { get; init; } = 2_000;

    /// <summary>How many hashes of final blocks are kept, to recognise a deep re-org.</summary>
    public int KeptBlocks { get; init; } = 256;

    /// <summary>The least time between two <c>ReachedAsync</c>.</summary>
    public TimeSpan ReachedInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The first wait after trouble; it doubles up to <see cref="MaxBackoff"/>, each time with jitter.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest wait after trouble. Every wait that lasts on when the node is well again is added to a deposit or a payout.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a node may stand below the height that was already final before what is missing counts as retracted.
    /// Nodes behind one load balancer are often a few blocks apart.
    /// </summary>
    public TimeSpan BehindPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most paid to the block's producer, wei per gas.</summary>
    public BigInteger MaxPriorityFeePerGas { get; init; } = 10 * Gwei;

    /// <summary>The tip where the node suggests none, wei per gas.</summary>
    public BigInteger DefaultPriorityFeePerGas { get; init; } = 1 * Gwei;

    /// <summary>The most paid in all, wei per gas. Dearer times are waited out.</summary>
    public BigInteger MaxFeePerGas { get; init; } = 500 * Gwei;

    /// <summary>The gas limit is the estimate times this, in percent.</summary>
    public int GasMarginPercent { get; init; } = 120;

    /// <summary>A transaction that is not mined after so many blocks is sent again with a higher fee.</summary>
    public int BumpAfterBlocks { get; init; } = 5;

    /// <summary>Unmined transactions of the account at a time.</summary>
    public int MaxInFlight { get; init; } = 16;

    /// <summary>How often an unmined transaction is sent again where no new block prompts it.</summary>
    public TimeSpan RebroadcastInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>10^9 wei.</summary>
    public static BigInteger Gwei { get; } = 1_000_000_000;

    /// <summary>What does not fit, or null.</summary>
    public string? Problem() => this switch
    {
        { Contract.Length: not 20 } => "the contract is an address of 20 bytes",
        { Confirmations: < 0 } => "confirmations are 0 or more",
        { StartHeight: < 0 } => "the start height is 0 or more",
        { LogChunkBlocks: < 1 } => "a log query covers at least 1 block",
        { KeptBlocks: < 1 } => "at least 1 block hash is kept",
        { MaxInFlight: < 1 } => "at least 1 transaction may be in flight",
        { BumpAfterBlocks: < 1 } => "a fee is raised after at least 1 block",
        { GasMarginPercent: < 100 or > 1000 } => "the gas limit is 100 to 1000 % of the estimate",
        { MaxResponseBytes: < 1024 } => "answers of at least 1024 bytes are taken",
        _ when PollInterval <= TimeSpan.Zero || ReconcileInterval <= TimeSpan.Zero || RequestTimeout <= TimeSpan.Zero || MinBackoff <= TimeSpan.Zero =>
            "intervals and time-outs are above zero",
        _ when MaxFeePerGas <= 0 || MaxPriorityFeePerGas < 0 || DefaultPriorityFeePerGas < 0 => "fees are not negative, and their cap is above zero",
        _ => null,
    };
}
