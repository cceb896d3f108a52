using System.CommandLine;
using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro journal export</c>, <c>import</c> and <c>migrate</c>.</summary>
internal static class CopyCommands
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command journal, JournalOptions options)
    {
        journal.Subcommands.Add(Export(options));
        journal.Subcommands.Add(Import());
        journal.Subcommands.Add(Migrate(options));
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
                    await writer.AddAllAsync(source, source.First, progress, cancellationToken);
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
        var to = new Option<string>("--to") { Description = "The store to make: sqlite:PATH, a path, or esdb://...", HelpName = "store", Required = true };
        return JournalOptions.Running(
            new Command("import", "Make a journal of what was exported") { file, to },
            async (parse, cancellationToken) =>
            {
                await using var source = await JournalStores.OpenAsync(parse.GetRequiredValue(file), cancellationToken);
                return await CopyAsync(parse, source, parse.GetRequiredValue(to), isDoubted: false, cancellationToken);
            });
    }

    private static Command Migrate(JournalOptions options)
    {
        var from = new Argument<string>("from") { Description = "The store to read: sqlite:PATH, a path, or esdb://...#ADDRESS; its node must be stopped" };
        var to = new Argument<string>("to") { Description = "The store to make: sqlite:PATH, a path, or esdb://..." };
        return JournalOptions.Running(
            new Command("migrate", "Move a journal to another store; the old one stays as it is") { from, to },
            async (parse, cancellationToken) =>
            {
                using var stopped = options.Hold(parse);
                await using var source = await options.SourceAsync(parse, parse.GetRequiredValue(from), cancellationToken);

                // What its node wrote meanwhile would be missing in the new one.
                await using var held = await source.HoldAsync(cancellationToken);
                return await CopyAsync(parse, source, parse.GetRequiredValue(to), isDoubted: false, cancellationToken);
            });
    }

    /// <summary>The whole copy, told at its end. Refuses what grows meanwhile. One that is doubted ends with a mark that its node asks its peers by.</summary>
    public static async Task<int> CopyAsync(ParseResult parse, IJournalSource source, string to, bool isDoubted, CancellationToken cancellationToken)
    {
        await using var target = await JournalStores.CreateAsync(to, source.Owner, source.First, cancellationToken);
        var count = source.Next - source.First;
        await Progress.ShowAsync("copying", count, async progress =>
        {
            await JournalCopy.CatchUpAsync(source, target.Journal, (done, _) => progress(done), cancellationToken);
            return 0;
        });
        await Progress.ShowAsync("comparing", count, async progress =>
        {
            await JournalCopy.CompareAsync(source, target.Journal, progress, cancellationToken);
            return 0;
        });
        var head = source.Next;
        if (await source.RefreshAsync(cancellationToken) != head)
        {
            throw new JournalException(
                JournalFailure.Permanent, $"{Wording.Capital(source.Title)} has record {head} now, which it had not before: a node writes to it. Stop that node, and give the command once more.");
        }

        if (isDoubted)
        {
            await RestoredMark.PutAsync(source, target.Journal, cancellationToken);
        }
        else if (target.Journal.Next != head)
        {
            throw new CliError($"{target.Title} has {target.Journal.Next} records, and {source.Title} has {head}: it was filled with another copy. Name a store that is not there yet.");
        }

        await target.CompleteAsync(cancellationToken);
        await parse.InvocationConfiguration.Output.WriteLineAsync($"{count} records from {source.First} on are in {target.Title}, and were read again from there.");
        return 0;
    }
}
