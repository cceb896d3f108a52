using System.CommandLine;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro journal compact</c>: earlier epochs go into an archive, and out of the store.</summary>
internal static class CompactCommand
{
    /// <summary>The command.</summary>
    public static Command Create(JournalOptions options)
    {
        var archive = new Argument<FileInfo>("archive") { Description = "The file for the earlier epochs; with .gz at its end it is compressed" };
        return JournalOptions.Running(
            new Command("compact", "Put the epochs before the one in force into an archive and make the store smaller; a node on SQLite must be stopped") { archive },
            async (parse, cancellationToken) =>
            {
                var store = options.StoreOf(parse);
                var file = parse.GetRequiredValue(archive).FullName;
                using var compaction = await JournalStores.CompactAsync(store, cancellationToken);
                var first = compaction.First;
                var records = compaction.EpochStart - first;
                if (records > 0)
                {
                    await Progress.ShowAsync("archiving", records, async progress =>
                    {
                        await compaction.ArchiveAsync(file, progress, cancellationToken);
                        return 0;
                    });
                }

                await compaction.ShrinkAsync(cancellationToken);
                await parse.InvocationConfiguration.Output.WriteLineAsync(records > 0
                    ? $"{records} records from {first} on are in {file} and no longer in {compaction.Title}. Read both with --archive {file}."
                    : $"{Wording.Capital(compaction.Title)} holds nothing before its epoch in force, which begins at {compaction.EpochStart}.");
                return 0;
            });
    }
}
