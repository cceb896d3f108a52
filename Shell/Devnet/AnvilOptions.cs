namespace Nitro.Devnet;

/// <summary>How a development chain is started.</summary>
public sealed record AnvilOptions
{
    /// <summary>The npm folder whose node_modules hold anvil.</summary>
    public required string DevnetFolder { get; init; }

    /// <summary>The chain id.</summary>
    public ulong ChainId { get; init; } = 1337;

    /// <summary>The port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>A block every so often; null mines a block for each transaction.</summary>
    public TimeSpan? BlockTime { get; init; }

    /// <summary>Mines only when told to (evm_mine), where no block time is set.</summary>
    public bool NoMining { get; init; }

    /// <summary>Such as <c>shanghai</c>; null takes anvil's default.</summary>
    public string? Hardfork { get; init; }

    /// <summary>The time of block 0, seconds since 1970; null takes now.</summary>
    public long? TimestampSeconds { get; init; }

    /// <summary>Where the chain is kept between starts: read if it exists, written at a clean end.</summary>
    public string? StateFile { get; init; }

    /// <summary>How long anvil may take until it answers.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
