namespace Nitro.Signer;

/// <summary>All settings of a signer, as <c>signer.json</c> has them; flags go over them.</summary>
public sealed record SignerOptions
{
    /// <summary>The nodes to attach to beside those that it is paired with: <c>unix:///path</c>.</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>The folder of marks and, unless named otherwise, keys.</summary>
    public string DataDirectory { get; init; } = "./signer";

    /// <summary>A plain key file that signs states and vouchers, made when absent; unless named, the encrypted key in the folder does.</summary>
    public string? ChannelKeyFile { get; init; }

    /// <summary>A plain key file that signs transactions, made when absent; unless named, the encrypted key in the folder does.</summary>
    public string? ChainKeyFile { get; init; }

    /// <summary>Holds the passphrase of the encrypted keys; without it the environment or a prompt gives it.</summary>
    public string? PassphraseFile { get; init; }

    /// <summary>The owner's rules: <c>open</c>, or a file of them. Default <c>policy.json</c> in the folder where there is one, else <c>open</c>.</summary>
    public string? PolicyFile { get; init; }

    /// <summary>
    /// Tells the newest memory from an older copy; default <c>anchor</c> in the folder. Best on another disk than the memory: who puts an old
    /// memory back does not put this back with it.
    /// </summary>
    public string? AnchorFile { get; init; }

    internal string AnchorPath => AnchorFile ?? Path.Combine(DataDirectory, "anchor");

    internal string? Policy => PolicyFile ?? (File.Exists(DefaultPolicyPath) ? DefaultPolicyPath : null);

    private string DefaultPolicyPath => Path.Combine(DataDirectory, "policy.json");

    internal string KeysFolder => Path.Combine(DataDirectory, "keys");

    internal string TransportKeyPath => Path.Combine(DataDirectory, "link.key");

    internal string PairedNodesPath => Path.Combine(DataDirectory, "nodes.json");

    internal string DevicesPath => Path.Combine(DataDirectory, "devices.json");

    internal string CallsPath => Path.Combine(DataDirectory, "calls.db");

    internal string MarksPath => Path.Combine(DataDirectory, "marks.db");
}
