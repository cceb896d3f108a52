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
        Make a tenant's lost journal again: of its replica (journalReplica in nitro.json), another copy, or what its peers have.

        A replica has all that was acknowledged: the node goes on where it was. An older copy (an export, a bundle, a backup) has not: what came
        after it is known to the peers and to the chain alone. So the node asks its peers, takes over what they show that it has signed, and
        until then shows channels as MayBeStale and signs nothing on them that adds exposure; the signer signs nothing twice in any case. The keys
        and the signer's memory are not in a journal: bring them back first, the memory never from an older copy.

        Where there is no copy at all, --from peers begins an empty journal: each peer that the node is connected to then gives back the ledgers,
        payment channels and vouchers that it has. Peers that never come give nothing back.
        """;

    private const string Peers = "peers";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var config = new Option<FileInfo?>("--config", "-c") { Description = "The node's configuration file", HelpName = NodeCommand.UsualFile };
        var tenant = new Option<string?>("--tenant", "-t") { Description = "Whose journal, where there are several tenants", HelpName = "name" };
        var from = new Option<string?>("--from", "-f") { Description = "sqlite:PATH, esdb://..., the path of a journal, an export or a bundle, or 'peers' where no copy is left; without it: the replica", HelpName = "store" };
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
                using var stopped = journal.Hold();
                await JournalStores.RemoveEmptyAsync(journal.Store, cancellationToken);
                var code = store == Peers
                    ? await BeginAsync(parse, journal, parse.GetValue(complete) || parse.GetValue(archives)!.Length > 0, cancellationToken)
                    : await CopyAsync(parse, journal, store, parse.GetValue(archives)!, !parse.GetValue(complete), cancellationToken);
                PutWitnessesAside(journal);
                return code;
            });
    }

    private static async Task<int> CopyAsync(
        ParseResult parse, TenantJournal journal, string store, string[] archives, bool isDoubted, CancellationToken cancellationToken)
    {
        await using var source = await JournalOptions.SourceAsync(JournalStores.WithOwner(store, () => journal.Address), archives, cancellationToken);
        RequireOwn(journal, source);
        if (!isDoubted && journal.Witnessed > source.Next)
        {
            throw new CliError(
                $"{Wording.Capital(source.Title)} is not complete: it ends before record {source.Next}, and the journal had {journal.Witnessed} records. Nothing was written: leave --complete out, "
                + "so that the node asks its peers for the rest.");
        }

        return await CopyCommands.CopyAsync(parse, source, journal.Store, isDoubted, cancellationToken);
    }

    /// <summary>Where the key is not back yet, only the node can tell, at its start.</summary>
    private static void RequireOwn(TenantJournal journal, IJournalSource source)
    {
        if (journal.KnownAddress is { } address && !address.Equals(source.Owner, StringComparison.OrdinalIgnoreCase))
        {
            throw new CliError(
                $"{Wording.Capital(source.Title)} is of {source.Owner}, and tenant {journal.Tenant} is {address}. Nothing was written: name this tenant's copy, "
                + "or bring the key back that the journal belongs to.");
        }
    }

    private static void PutWitnessesAside(TenantJournal journal)
    {
        try
        {
            journal.PutWitnessesAside();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliError($"The journal is back, but a snapshot or witness.json of the lost one is in its way, and cannot be renamed: {e.Message.TrimEnd('.')}. Move it aside.", e);
        }
    }

    private static async Task<int> BeginAsync(ParseResult parse, TenantJournal journal, bool isOfCopy, CancellationToken cancellationToken)
    {
        if (isOfCopy)
        {
            throw new CliError("With --from peers there is no copy: leave out --complete and --archive.");
        }

        await using var target = await JournalStores.CreateAsync(journal.Store, journal.Address, 0, cancellationToken);
        await RestoredMark.BeginAsync(target.Journal, cancellationToken);
        await target.CompleteAsync(cancellationToken);
        await parse.InvocationConfiguration.Output.WriteLineAsync(
            $"{target.Title} is empty but for its mark. Start the node: it asks each peer that it is connected to what they have, and 'nitro journal tail --follow' shows what comes back.");
        return 0;
    }
}
