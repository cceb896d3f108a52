namespace Nitro.Host.Options;

/// <summary>Where the keys are. Configuration section <c>keys</c>; null or empty takes the default in the tenant's folder.</summary>
public sealed record KeySettings
{
    /// <summary>Signs states and vouchers; default <c>channel.key</c>.</summary>
    public string? ChannelKeyFile { get; set; }

    /// <summary>Signs transactions; default <c>chain.key</c>.</summary>
    public string? ChainKeyFile { get; set; }

    /// <summary>These, and for what is not set the lower ones.</summary>
    internal KeySettings Over(KeySettings lower) => new()
    {
        ChannelKeyFile = ChannelKeyFile ?? lower.ChannelKeyFile,
        ChainKeyFile = ChainKeyFile ?? lower.ChainKeyFile,
    };
}
