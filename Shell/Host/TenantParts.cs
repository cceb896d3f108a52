using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Host.Api;
using Nitro.Ports;

namespace Nitro.Host;

/// <summary>What a tenant is made of. The tenant disposes of journal, signer, chain and link when it is disposed of itself.</summary>
public sealed record TenantParts
{
    /// <summary>For logs and the API.</summary>
    public required string Name { get; init; }

    /// <summary>What the core is told; its address is the signer's.</summary>
    public required NodeSettings Settings { get; init; }

    /// <summary>The tenant's own journal.</summary>
    public required IJournal Journal { get; init; }

    /// <summary>Holds the channel key.</summary>
    public required ISigner Signer { get; init; }

    /// <summary>The chain, under an account that no other tenant uses.</summary>
    public required IChain Chain { get; init; }

    /// <summary>The way to the peers.</summary>
    public required IPeerLink Link { get; init; }

    /// <summary>Judges signed calls; null: none is taken.</summary>
    internal CallGate? Calls { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where to say what happens.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Records after which the journal gets a new epoch, where that makes it a quarter or less; 0: never.</summary>
    public long EpochRecords { get; init; } = 200_000;

    /// <summary>Where it is noted how far the journal has come, so that a start sees an older copy; null: nowhere.</summary>
    public string? WitnessPath { get; init; }

    /// <summary>Where the newest state is kept beside the journal, so that a restart reads only what follows; null: nowhere.</summary>
    public string? SnapshotPath { get; init; }

    /// <summary>Records after which it is kept anew.</summary>
    public long SnapshotRecords { get; init; } = 100_000;

    /// <summary>Bounds.</summary>
    public TenantLimits Limits { get; init; } = new();
}
