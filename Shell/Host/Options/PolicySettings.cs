namespace Nitro.Host.Options;

/// <summary>
/// What a peer's proposal must satisfy. Configuration section <c>policy</c>; null takes the default. Amounts are decimal texts by
/// asset (<c>0x</c> address, the zero address for the native one), <c>*</c> for every other.
/// </summary>
public sealed record PolicySettings
{
    /// <summary><c>automatic</c> (default) or <c>manual</c>: an operator approves each proposal.</summary>
    public string? Mode { get; set; }

    /// <summary>Only these peers may propose; empty: all.</summary>
    public List<string>? AllowPeers { get; set; }

    /// <summary>These may not.</summary>
    public List<string>? DenyPeers { get; set; }

    /// <summary>The largest channel that is agreed to.</summary>
    public Dictionary<string, string>? LargestAmount { get; set; }

    /// <summary>Seconds; default 3600.</summary>
    public uint? MinChallengeDuration { get; set; }

    /// <summary>The most that may stand open per peer in channels that the contracts cannot enforce; default 0.</summary>
    public Dictionary<string, string>? MaxUnenforceable { get; set; }

    /// <summary>The most that openings under way may lock per ledger.</summary>
    public Dictionary<string, string>? MaxLocked { get; set; }

    /// <summary>These, and for what is not set the lower ones.</summary>
    internal PolicySettings Over(PolicySettings lower) => new()
    {
        Mode = Mode ?? lower.Mode,
        AllowPeers = AllowPeers ?? lower.AllowPeers,
        DenyPeers = DenyPeers ?? lower.DenyPeers,
        LargestAmount = LargestAmount ?? lower.LargestAmount,
        MinChallengeDuration = MinChallengeDuration ?? lower.MinChallengeDuration,
        MaxUnenforceable = MaxUnenforceable ?? lower.MaxUnenforceable,
        MaxLocked = MaxLocked ?? lower.MaxLocked,
    };
}
