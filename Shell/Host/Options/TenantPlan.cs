using System.Net;

namespace Nitro.Host.Options;

/// <summary>One tenant's settings with nothing left open. Made by <see cref="NodePlan.From"/>.</summary>
internal sealed record TenantPlan
{
    public required string Name { get; init; }

    public required string Folder { get; init; }

    public required string ChannelKeyFile { get; init; }

    public required string ChainKeyFile { get; init; }

    public required SignerSettings Signer { get; init; }

    /// <summary>Null: no API.</summary>
    public required IPEndPoint? Listen { get; init; }

    public required RpcSettings Rpc { get; init; }

    public required NetworkPlan Network { get; init; }

    public required PolicySettings Policy { get; init; }

    public required IReadOnlyDictionary<string, PeerSettings> Peers { get; init; }

    public string JournalPath => Path.Combine(Folder, "journal.db");

    public string SnapshotPath => Path.Combine(Folder, "snapshot");

    public string WitnessPath => Path.Combine(Folder, "witness.json");

    public string MarksPath => Path.Combine(Folder, "marks.db");

    public string KnownSignerPath => Path.Combine(Folder, "signer.json");

    public string TransportKeyPath => Path.Combine(Folder, "signer-link.key");

    public string PairedSignersPath => Path.Combine(Folder, "paired-signers.json");

    public string PairingPath => Path.Combine(Folder, "pairing.json");

    public string DevicesPath => Path.Combine(Folder, "devices.json");

    public string CallsPath => Path.Combine(Folder, "calls.db");

    public string ChainPath => Path.Combine(Folder, "chain.db");

    public string LockPath => Path.Combine(Folder, "node.lock");

    public string TokenKeyPath => Path.Combine(Folder, "token.key");
}
