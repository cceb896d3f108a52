using System.CommandLine;
using Nitro.Journal;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro journal export</c>, <c>import</c> and <c>migrate</c>.</summary>
internal static class CopyCommands
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command journal, JournalOptions options)
    {
        journal.Subcommands.Add(Export(options));
        journal.Subcommands.Add(Import());
        journal.Subcommands.Add(Migrate());
    }

    private static Command Export(JournalOptions options)
    {
        var file = new Argument<FileInfo>("file") { Description = "The file to make; with .gz at its end it is compressed" };
        return options.Reading(
            new Command("export", "Write the journal to a file of lines with digests; a node may be at work meanwhile") { file },
            async (parse, opened, cancellationToken) =>
            {
                var source = opened.Source;
                var path = parse.GetRequiredValue(file).FullName;
                using var writer = JournalFileWriter.Create(path, new JournalFileHead(source.Owner, source.First, source.EpochStart, source.Next));
                await Progress.ShowAsync("exporting", source.Next - source.First, async progress =>
                {
                    await Copying.ToFileAsync(source, writer, source.First, progress, cancellationToken);
                    return 0;
                });
                writer.Complete();
                await parse.InvocationConfiguration.Output.WriteLineAsync($"{source.Next - source.First} records from {source.First} on are in {path}.");
                return 0;
            });
    }

    private static Command Import()
    {
        var file = new Argument<string>("file") { Description = "What 'export' wrote" };
        var to = new Option<string>("--to") { Description = "The store to make: sqlite:PATH, or a path", HelpName = "store", Required = true };
        return JournalOptions.Running(
            new Command("import", "Make a journal of what was exported") { file, to },
            (parse, cancellationToken) => CopyAsync(parse, parse.GetRequiredValue(file), parse.GetRequiredValue(to), cancellationToken));
    }

    private static Command Migrate()
    {
        var from = new Argument<string>("from") { Description = "The store to read: sqlite:PATH, or a path; its node must be stopped" };
        var to = new Argument<string>("to") { Description = "The store to make" };
        return JournalOptions.Running(
            new Command("migrate", "Move a journal to another store; the old one stays as it is") { from, to },
            async (parse, cancellationToken) =>
            {
                // What its node wrote meanwhile would be missing in the new one.
                await using var held = await JournalStores.HoldAsync(parse.GetRequiredValue(from), cancellationToken);
                return await CopyAsync(parse, parse.GetRequiredValue(from), parse.GetRequiredValue(to), cancellationToken);
            });
    }

    private static async Task<int> CopyAsync(ParseResult parse, string from, string to, CancellationToken cancellationToken)
    {
        await using var opened = await OpenedJournal.OverAsync(await JournalStores.OpenAsync(from, cancellationToken), null, cancellationToken);
        var source = opened.Source;
        await using var target = await JournalStores.CreateAsync(to, source.Owner, source.First, cancellationToken);
        await Progress.ShowAsync("copying", source.Next - source.First, async progress =>
        {
            await Copying.ToStoreAsync(opened, target.Journal, progress, cancellationToken);
            return 0;
        });
        await target.CompleteAsync();
        await parse.InvocationConfiguration.Output.WriteLineAsync($"{source.Next - source.First} records from {source.First} on are in {to}, and were read again from there.");
        return 0;
    }
}
