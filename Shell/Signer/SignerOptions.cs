namespace Nitro.Signer;

/// <summary>All settings of a signer, as <c>signer.json</c> has them; flags go over them.</summary>
public sealed record SignerOptions
{
    /// <summary>The nodes to attach to beside those that it is paired with: <c>unix:///path</c>.</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>The folder of marks and, unless named otherwise, keys.</summary>
    public string DataDirectory { get; init; } = "./signer";

    /// <summary>Signs states and vouchers; default <c>channel.key</c> in the folder, made when absent.</summary>
    public string? ChannelKeyFile { get; init; }

    /// <summary>Signs transactions; default <c>chain.key</c> in the folder, made when absent.</summary>
    public string? ChainKeyFile { get; init; }

    /// <summary>The owner's rules: <c>open</c>, or a file of them. Default <c>policy.json</c> in the folder where there is one, else <c>open</c>.</summary>
    public string? PolicyFile { get; init; }

    internal string? Policy => PolicyFile ?? (File.Exists(DefaultPolicyPath) ? DefaultPolicyPath : null);

    private string DefaultPolicyPath => Path.Combine(DataDirectory, "policy.json");

    internal string ChannelKeyPath => ChannelKeyFile ?? Path.Combine(DataDirectory, "channel.key");

    internal string ChainKeyPath => ChainKeyFile ?? Path.Combine(DataDirectory, "chain.key");

    internal string TransportKeyPath => Path.Combine(DataDirectory, "link.key");

    internal string PairedNodesPath => Path.Combine(DataDirectory, "nodes.json");

    internal string MarksPath => Path.Combine(DataDirectory, "marks.db");
}
