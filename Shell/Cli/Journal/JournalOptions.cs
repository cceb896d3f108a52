using System.CommandLine;
using Nitro.Cli.Node;
using Nitro.Host;
using Nitro.Host.Options;
using Nitro.Journal;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Cli.Journal;

/// <summary>The options that every <c>nitro journal</c> command shares, and the one way in which each is carried out.</summary>
internal sealed class JournalOptions
{
    private const int NotDone = 1;
    private readonly Option<string?> _journal = new("--journal", "-j")
    {
        Description = "Which journal: sqlite:PATH, esdb://...#ADDRESS, or the path of a journal, an export, an archive or a bundle. Without it: the configured tenant's",
        HelpName = "store",
        Recursive = true,
    };

    private readonly Option<string[]> _archives = new("--archive", "-a")
    {
        Description = "A file with earlier epochs, as 'compact' leaves it; may be given several times",
        HelpName = "file",
        DefaultValueFactory = _ => [],
        Recursive = true,
    };

    private readonly Option<FileInfo?> _config = new("--config", "-c") { Description = "The node's configuration file", HelpName = NodeCommand.UsualFile, Recursive = true };

    private readonly Option<string?> _tenant = new("--tenant", "-t") { Description = "Whose journal, where there are several tenants", HelpName = "name", Recursive = true };

    /// <summary>Puts the options on the command that holds the others.</summary>
    public void AddTo(Command journal)
    {
        journal.Options.Add(_journal);
        journal.Options.Add(_archives);
        journal.Options.Add(_config);
        journal.Options.Add(_tenant);
    }

    /// <summary>Makes the command read the journal that is asked for.</summary>
    public Command Reading(Command command, Func<ParseResult, OpenedJournal, CancellationToken, Task<int>> run) =>
        Running(command, async (parse, cancellationToken) =>
        {
            await using var opened = await OpenAsync(parse, cancellationToken);
            return await run(parse, opened, cancellationToken);
        });

    /// <summary>Makes the command do something; what goes wrong is told in one line, and the exit code is 1.</summary>
    public static Command Running(Command command, Func<ParseResult, CancellationToken, Task<int>> run)
    {
        command.SetAction(async (parse, cancellationToken) =>
        {
            var errors = parse.InvocationConfiguration.Error;
            try
            {
                return await run(parse, cancellationToken);
            }
            catch (Exception problem) when (problem is CliError or JournalException or NodeOptionsException or StorageException)
            {
                await errors.WriteLineAsync($"nitro: {problem.Message}");
                return NotDone;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await errors.WriteLineAsync("nitro: interrupted.");
                return NotDone;
            }
        });
        return command;
    }

    /// <summary>The store that is asked for, as a connection text.</summary>
    /// <exception cref="NodeOptionsException">No store is named, and no configuration names one.</exception>
    public string StoreOf(ParseResult parse) => Named(parse, parse.GetValue(_journal)) ?? Configured(parse).Store;

    /// <summary>The configured tenant; null where a store is named and no configuration.</summary>
    public TenantJournal? TenantOf(ParseResult parse) =>
        parse.GetValue(_journal) is not null && parse.GetValue(_config) is null ? null : Configured(parse);

    /// <summary>Keeps the configured node from running meanwhile; without a configuration there is none to ask.</summary>
    /// <exception cref="NodeOptionsException">It runs.</exception>
    /// <exception cref="CliError">A journal is named beside the stores that the command names itself.</exception>
    public IDisposable? Hold(ParseResult parse) => parse.GetValue(_journal) is not null
        ? throw new CliError("This command names its stores itself: leave --journal out.")
        : parse.GetValue(_config) is null ? null : Configured(parse).Hold();

    /// <summary>A store to read, with the archives that were named.</summary>
    /// <exception cref="JournalException">It, or an archive, is not there or is none.</exception>
    /// <exception cref="CliError">They are not one journal's, or leave a gap.</exception>
    public Task<IJournalSource> SourceAsync(ParseResult parse, string store, CancellationToken cancellationToken) =>
        SourceAsync(Named(parse, store)!, parse.GetValue(_archives)!, cancellationToken);

    /// <summary>A store to read, behind the archives of its earlier epochs.</summary>
    /// <exception cref="JournalException">It, or an archive, is not there or is none.</exception>
    /// <exception cref="CliError">They are not one journal's, or leave a gap.</exception>
    public static async Task<IJournalSource> SourceAsync(string store, IEnumerable<string> archives, CancellationToken cancellationToken)
    {
        var parts = new List<IJournalSource>();
        try
        {
            foreach (var archive in archives)
            {
                parts.Add(new FileSource(await JournalFile.OpenAsync(archive, cancellationToken)));
            }

            parts.Add(await JournalStores.OpenAsync(store, cancellationToken));
            return parts.Count == 1 ? parts[0] : new ChainedSource(parts);
        }
        catch
        {
            foreach (var part in parts)
            {
                await part.DisposeAsync();
            }

            throw;
        }
    }

    private TenantJournal Configured(ParseResult parse)
    {
        var file = NodeCommand.FileOf(parse.GetValue(_config))
            ?? throw new CliError("Which journal? Name it with --journal PATH, or its node's configuration with --config nitro.json.");
        return TenantJournal.Of(NodeConfiguration.Load(file, []), parse.GetValue(_tenant));
    }

    /// <summary>On a server, whose journal is meant may be said by the node's configuration.</summary>
    private string? Named(ParseResult parse, string? store) =>
        store is null || parse.GetValue(_config) is null ? store : JournalStores.WithOwner(store, () => Configured(parse).Address);

    private async Task<OpenedJournal> OpenAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var source = await SourceAsync(StoreOf(parse), parse.GetValue(_archives)!, cancellationToken);
        try
        {
            return await OpenedJournal.OverAsync(source, TenantOf(parse), cancellationToken);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }
}
