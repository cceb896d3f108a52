using System.CommandLine;
using Nitro.Cli.Node;
using Nitro.Host;
using Nitro.Host.Options;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro restore</c>: a lost journal is made again of its replica.</summary>
internal static class RestoreCommand
{
    private const string About =
        """
        Make a tenant's lost journal again, of its replica (journalReplica in nitro.json) or of another copy.

        A replica has all that was acknowledged: the node goes on where it was. An older copy (an export, a bundle, a backup) has not: what came
        after it is known to the peers and to the chain alone. So the node asks its peers, takes over what they show that it has signed, and
        until then shows channels as MayBeStale and signs nothing on them that adds exposure; the signer signs nothing twice in any case. The keys
        and the signer's memory are not in a journal: bring them back first, the memory never from an older copy.
        """;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var config = new Option<FileInfo?>("--config", "-c") { Description = "The node's configuration file", HelpName = NodeCommand.UsualFile };
        var tenant = new Option<string?>("--tenant", "-t") { Description = "Whose journal, where there are several tenants", HelpName = "name" };
        var from = new Option<string?>("--from", "-f") { Description = "sqlite:PATH, esdb://..., or the path of a journal, an export or a bundle; without it: the replica", HelpName = "store" };
        var archives = new Option<string[]>("--archive", "-a") { Description = "A file with earlier epochs, where the copy has them no more; may be given several times", HelpName = "file", DefaultValueFactory = _ => [] };
        var complete = new Option<bool>("--complete") { Description = "The copy is known to have all that was ever acknowledged: no channel is marked" };
        return JournalOptions.Running(
            new Command("restore", About) { config, tenant, from, archives, complete },
            async (parse, cancellationToken) =>
            {
                var file = NodeCommand.FileOf(parse.GetValue(config))
                    ?? throw new CliError("Which node? Name its configuration with --config nitro.json.");
                var journal = TenantJournal.Of(NodeConfiguration.Load(file, []), parse.GetValue(tenant));
                var store = parse.GetValue(from) ?? journal.Replica
                    ?? throw new CliError($"Tenant {journal.Tenant} has no replica. Name a copy with --from.");
                await JournalStores.RemoveEmptyAsync(journal.Store, cancellationToken);
                await using var source = await JournalOptions.SourceAsync(
                    JournalStores.WithOwner(store, () => journal.Address), parse.GetValue(archives)!, cancellationToken);
                return await CopyCommands.CopyAsync(parse, source, journal.Store, isDoubted: !parse.GetValue(complete), cancellationToken);
            });
    }
}
