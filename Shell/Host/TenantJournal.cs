using System.Security.Cryptography;
using Nitro.Host.Loop;
using Nitro.Host.Options;
using Nitro.Secp256k1;
using Nitro.Signing;
using Nitro.Storage;

namespace Nitro.Host;

/// <summary>Where a configured tenant's journal is, and the settings that its core has: for tools that read it.</summary>
public sealed class TenantJournal
{
    private readonly NodeOptions options;
    private readonly TenantPlan plan;

    private TenantJournal(NodeOptions options, TenantPlan plan) => (this.options, this.plan) = (options, plan);

    /// <summary>The tenant.</summary>
    public string Tenant => plan.Name;

    /// <summary>Which store, as a connection text; on a server with the tenant's address behind a <c>#</c>.</summary>
    /// <exception cref="NodeOptionsException">As of <see cref="Address"/>, where the store is on a server.</exception>
    public string Store => options.Journal == "sqlite" ? $"sqlite:{plan.JournalPath}" : OnServer(options.Journal);

    /// <summary>Its replica as a connection text, as of <see cref="Store"/>; null where it has none.</summary>
    /// <exception cref="NodeOptionsException">As of <see cref="Address"/>, where the store is on a server.</exception>
    public string? Replica => options.JournalReplica == ""
        ? null
        : JournalPlaces.FolderOf(options.JournalReplica) is { } folder ? $"sqlite:{JournalPlaces.FileIn(folder, plan.Name)}" : OnServer(options.JournalReplica);

    /// <summary>The tenant's channel address, by its key or by what is kept of its signer; null where neither is there (yet).</summary>
    /// <exception cref="NodeOptionsException">It cannot be read.</exception>
    public string? KnownAddress => AddressText(plan, options.Tenants.Count <= 1);

    /// <summary>As <see cref="KnownAddress"/>, where there has to be one.</summary>
    /// <exception cref="NodeOptionsException">There is none, or it cannot be read.</exception>
    public string Address => KnownAddress
        ?? throw new NodeOptionsException(
            $"Whose journal tenant {plan.Name} has is not known: neither {plan.ChannelKeyFile} nor {plan.KnownSignerPath} is there. Bring the key back first, let the signer attach once, "
            + "or name the store by itself, with # and the channel address behind it.");

    /// <summary>Finds it.</summary>
    /// <param name="options">The node's settings.</param>
    /// <param name="tenant">Which tenant; null where there is one.</param>
    /// <exception cref="NodeOptionsException">There is no such tenant, or its journal is in memory alone.</exception>
    public static TenantJournal Of(NodeOptions options, string? tenant)
    {
        ArgumentNullException.ThrowIfNull(options);
        var plan = SignerPairing.Find(NodePlan.From(options).Tenants, tenant);
        return options.Journal == "memory"
            ? throw new NodeOptionsException($"The journal of tenant {plan.Name} is in its node's memory alone: there is nothing to read.")
            : new TenantJournal(options, plan);
    }

    /// <summary>The core's settings, for a tenant of this address. They hold addresses, durations and limits, and no secret.</summary>
    public ReadOnlyMemory<byte> SettingsOf(string address) => SettingsJson.Write(options, plan, address);

    /// <summary>Keeps the tenant's node from running as long as the result is held; null where it has no folder, and so never ran here.</summary>
    /// <exception cref="NodeOptionsException">It runs.</exception>
    /// <exception cref="StorageException">Its lock cannot be opened.</exception>
    public IDisposable? Hold() => !Directory.Exists(plan.Folder) ? null : FileLock.TryTake(plan.LockPath)
        ?? throw new NodeOptionsException($"The node of tenant {plan.Name} is at work in {plan.Folder} (`fuser {plan.LockPath}` names its process). Stop it first.");

    /// <summary>How many records the lost journal is known to have had, at least; 0 where nothing tells.</summary>
    /// <exception cref="NodeOptionsException">As of <see cref="KnownAddress"/>.</exception>
    public long Witnessed => KnownAddress is { } address ? WitnessFile.TryRead(plan.WitnessPath, address)?.Position ?? 0 : 0;

    /// <summary>
    /// Puts what bears witness to the journal that was lost out of the way of the one that was brought back. It is not deleted: a snapshot may know
    /// more than the copy.
    /// </summary>
    /// <exception cref="IOException">It cannot be renamed; so is <see cref="UnauthorizedAccessException"/>.</exception>
    public void PutWitnessesAside()
    {
        foreach (var path in ((string[])[plan.SnapshotPath, plan.WitnessPath]).Where(File.Exists))
        {
            DurableMove.Move(path, path + ".before-restore", overwrite: true);
        }
    }

    private string OnServer(string connection) => $"{connection}#{Address}";

    private static string? AddressText(TenantPlan plan, bool isAlone)
    {
        try
        {
            var key = (isAlone ? KeyFile.FromEnvironment(NodeConfiguration.ChannelKeyVariable) : null)
                ?? (File.Exists(plan.ChannelKeyFile) ? KeyFile.LoadOrCreate(plan.ChannelKeyFile) : null);
            if (key is null)
            {
                return KnownSigner.Load(plan.KnownSignerPath)?.Channel;
            }

            var address = new byte[20];
            Curve.Default.TryGetAddress(key, address);
            CryptographicOperations.ZeroMemory(key);
            return "0x" + Convert.ToHexStringLower(address);
        }
        catch (Exception unusable) when (unusable is KeyFileException or TenantStoppedException)
        {
            throw new NodeOptionsException(unusable.Message);
        }
    }
}
