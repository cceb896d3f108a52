using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>Moves records from one journal to another without loss: positions, times, types, versions, bodies and the epoch in force.</summary>
internal static class Copying
{
    /// <summary>Writes all records to a file.</summary>
    public static async Task ToFileAsync(IJournalSource source, JournalFileWriter file, long from, Action<long> progress, CancellationToken cancellationToken)
    {
        await foreach (var record in source.ReadAsync(from, cancellationToken))
        {
            file.Add(record);
            progress(record.Position - from + 1);
        }
    }

    /// <summary>Fills a new store, and reads it again.</summary>
    /// <exception cref="JournalException">A record is damaged, or a store refuses it.</exception>
    /// <exception cref="CliError">What was read again is not what was written.</exception>
    public static async Task ToStoreAsync(OpenedJournal journal, IJournal target, Action<long> progress, CancellationToken cancellationToken)
    {
        var source = journal.Source;
        await JournalCopy.AppendAllAsync(source.ReadAsync(source.First, cancellationToken), target, source.EpochStart, progress);
        var count = 0L;
        await using var copies = target.ReadAsync(source.First, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await foreach (var record in source.ReadAsync(source.First, cancellationToken))
        {
            if (!await copies.MoveNextAsync() || !IsSame(record, copies.Current))
            {
                throw new CliError($"Record {record.Position} was not stored as it was read. The copy is of no use: check the disk.");
            }

            progress(++count);
        }

        if (await copies.MoveNextAsync() || target.EpochStart != source.EpochStart)
        {
            throw new CliError("The copy is not the journal that was read. It is of no use: report this.");
        }
    }

    private static bool IsSame(in JournalRecord one, in JournalRecord other) =>
        (one.Position, one.AtMicros, one.Type, one.Version) == (other.Position, other.AtMicros, other.Type, other.Version)
        && one.Body.Span.SequenceEqual(other.Body.Span);
}
