namespace Nitro.Host.Options;

/// <summary>Where the contracts are: 0x and 40 digits each. Configuration section <c>contracts</c>.</summary>
public sealed record ContractSettings
{
    /// <summary>NitroAdjudicator.</summary>
    public string Adjudicator { get; set; } = "";

    /// <summary>ConsensusApp: the rules of ledgers.</summary>
    public string ConsensusApp { get; set; } = "";

    /// <summary>VirtualPaymentApp: the rules of payment channels. Not the same contract as ConsensusApp.</summary>
    public string VirtualPaymentApp { get; set; } = "";
}
