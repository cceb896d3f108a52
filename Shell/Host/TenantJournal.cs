using Nitro.Host.Options;

namespace Nitro.Host;

/// <summary>Where a configured tenant's journal is, and the settings that its core has: for tools that read it.</summary>
public sealed class TenantJournal
{
    private readonly NodeOptions options;
    private readonly TenantPlan plan;

    private TenantJournal(NodeOptions options, TenantPlan plan) => (this.options, this.plan) = (options, plan);

    /// <summary>The tenant.</summary>
    public string Tenant => plan.Name;

    /// <summary>Which store, as a connection text.</summary>
    public string Store => options.Journal == "sqlite" ? $"sqlite:{plan.JournalPath}" : options.Journal;

    /// <summary>Its replica as a connection text; null where it has none, or none that a tool can read.</summary>
    public string? Replica => JournalPlaces.FolderOf(options.JournalReplica) is { } folder ? $"sqlite:{JournalPlaces.FileIn(folder, plan.Name)}" : null;

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
}
