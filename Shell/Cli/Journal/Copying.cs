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
        await FillAsync(journal, target, progress, cancellationToken);
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

    private static async Task FillAsync(OpenedJournal journal, IJournal target, Action<long> progress, CancellationToken cancellationToken)
    {
        var source = journal.Source;
        var batch = new List<JournalEntry>();
        var bytes = 0L;
        var end = 0L; // Of the epoch's opening, while it is read.
        await foreach (var record in source.ReadAsync(source.First, cancellationToken))
        {
            var size = record.Type.Length + record.Body.Length;
            var begins = record.Position == source.EpochStart && source.EpochStart > 0;
            var isFull = record.Position >= end && (batch.Count == AppendRules.MaximumRecords || bytes + size > AppendRules.MaximumBytes / 2);
            if (begins || record.Position == end || isFull)
            {
                await FlushAsync(target, batch, opensEpoch: record.Position == end && end > 0);
                bytes = 0;
            }

            if (begins)
            {
                end = journal.Read(journal.Before(record.Position), record).Node.EpochRestated;
            }

            batch.Add(new JournalEntry(record.AtMicros, record.Type, record.Version, record.Body));
            bytes += size;
            progress(record.Position - source.First + 1);
        }

        await FlushAsync(target, batch, opensEpoch: target.Next + batch.Count == end);
    }

    private static async Task FlushAsync(IJournal target, List<JournalEntry> batch, bool opensEpoch)
    {
        if (batch.Count == 0)
        {
            return;
        }

        var result = opensEpoch
            ? await target.OpenEpochAsync(target.Next, batch, CancellationToken.None)
            : await target.AppendAsync(target.Next, batch, CancellationToken.None);
        if (result.Outcome != AppendOutcome.Appended)
        {
            throw new CliError($"The store did not take records from {target.Next} on ({result.Outcome}): is another process writing to it?");
        }

        batch.Clear();
    }

    private static bool IsSame(in JournalRecord one, in JournalRecord other) =>
        (one.Position, one.AtMicros, one.Type, one.Version) == (other.Position, other.AtMicros, other.Type, other.Version)
        && one.Body.Span.SequenceEqual(other.Body.Span);
}
