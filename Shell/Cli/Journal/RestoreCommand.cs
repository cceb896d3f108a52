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

        A replica has all that was acknowledged: the node goes on where it was. An older copy (an export, a bundle, a backup) has not: the
        signer signs nothing twice, but what came after the copy is known to the peers and to the chain alone. The keys and the signer's
        memory are not in a journal: bring them back first, the memory never from an older copy.
        """;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var config = new Option<FileInfo?>("--config", "-c") { Description = "The node's configuration file", HelpName = NodeCommand.UsualFile };
        var tenant = new Option<string?>("--tenant", "-t") { Description = "Whose journal, where there are several tenants", HelpName = "name" };
        var from = new Option<string?>("--from", "-f") { Description = "sqlite:PATH, or the path of a journal, an export or a bundle; without it: the replica", HelpName = "store" };
        return JournalOptions.Running(
            new Command("restore", About) { config, tenant, from },
            async (parse, cancellationToken) =>
            {
                var file = NodeCommand.FileOf(parse.GetValue(config))
                    ?? throw new CliError("Which node? Name its configuration with --config nitro.json.");
                var journal = TenantJournal.Of(NodeConfiguration.Load(file, []), parse.GetValue(tenant));
                var source = parse.GetValue(from) ?? journal.Replica
                    ?? throw new CliError($"Tenant {journal.Tenant} has no replica that can be read here. Name a copy with --from.");
                await JournalStores.RemoveEmptyAsync(journal.Store, cancellationToken);
                return await CopyCommands.CopyAsync(parse, source, journal.Store, cancellationToken);
            });
    }
}
