namespace Nitro.Host.Options;

/// <summary>The chain's endpoint. Configuration section <c>chain</c>.</summary>
public sealed record ChainSettings
{
    /// <summary>JSON-RPC: http, https, ws or wss.</summary>
    public string Url { get; set; } = "ws://127.0.0.1:8545";

    /// <summary>Sent as a bearer token; empty for none.</summary>
    public string AuthToken { get; set; } = "";

    /// <summary>The chain that must answer; 0 takes the one that answers first and holds to it.</summary>
    public ulong ChainId { get; set; }

    /// <summary>The first block to look at.</summary>
    public long StartBlock { get; set; }

    /// <summary>Blocks on top of a log's before it is final.</summary>
    public int Confirmations { get; set; } = 2;
}
