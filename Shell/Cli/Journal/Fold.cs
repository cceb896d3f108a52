using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>What a node was at a moment.</summary>
/// <param name="Node">Its state.</param>
/// <param name="AtMicros">The time of the last record that counts.</param>
internal sealed record Fold(NodeHandle Node, long AtMicros)
{
    /// <summary>Folds a journal up to a moment, from the last epoch before it. An epoch's opening counts as a whole: half of one is no state.</summary>
    /// <exception cref="CliError">A record cannot be read, or nothing is there at that moment.</exception>
    /// <exception cref="JournalException">A record is damaged.</exception>
    public static async Task<Fold> ToAsync(OpenedJournal journal, Moment moment, Action<long> progress, CancellationToken cancellationToken)
    {
        var from = await journal.Source.OpeningAsync(moment.UpTo, moment.AtMicros, cancellationToken);
        var fold = new Fold(journal.Before(from), 0);
        await foreach (var record in journal.Source.ReadAsync(from, cancellationToken))
        {
            var isOpening = record.Position < fold.Node.EpochRestated;
            if (!isOpening && (record.Position > moment.UpTo || record.AtMicros > moment.AtMicros))
            {
                break;
            }

            fold = new Fold(journal.Read(fold.Node, record).Node, record.AtMicros);
            progress(record.Position - from + 1);
        }

        return fold.Node.Position > from ? fold : throw Nothing(journal.Source);
    }

    private static CliError Nothing(IJournalSource source) => source.Next == source.First
        ? new CliError($"{source.Title} has no record.")
        : new CliError($"{source.Title} has nothing as old as that: it begins with record {source.First}. Earlier epochs may be in an archive: name it with --archive.");
}
