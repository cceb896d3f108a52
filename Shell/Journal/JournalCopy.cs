using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>Brings one journal up to another of the same history.</summary>
public static class JournalCopy
{
    /// <summary>
    /// Appends to <paramref name="to"/> what <paramref name="from"/> has more: archive in appends, the epoch in force in one step, so that a copy that is
    /// interrupted is a shorter journal and never half an epoch.
    /// </summary>
    /// <exception cref="JournalException">Their last common records differ, or one of them fails.</exception>
    public static async Task CatchUpAsync(IJournal from, IJournal to, Action<long, long> progress, CancellationToken cancellationToken)
    {
        if (to.Next >= from.Next)
        {
            return;
        }

        await RequireOneHistoryAsync(from, to, cancellationToken);
        var (start, head) = (to.Next, from.Next);
        var epoch = from.EpochStart > 0 && from.EpochStart >= start ? from.EpochStart : head;
        var batch = new List<JournalEntry>();
        var bytes = 0;
        await foreach (var record in from.ReadAsync(start, cancellationToken))
        {
            var size = record.Body.Length + (3 * record.Type.Length);
            var isFull = batch.Count == AppendRules.MaximumRecords || bytes + size > AppendRules.MaximumBytes;
            if (record.Position == epoch || (record.Position < epoch && isFull))
            {
                await AppendAsync(to, batch, opensEpoch: false);
                (batch, bytes) = ([], 0);
                progress(to.Next - start, head - start);
            }

            batch.Add(new JournalEntry(record.AtMicros, record.Type, record.Version, record.Body));
            bytes += size;
        }

        await AppendAsync(to, batch, opensEpoch: epoch < head);
        progress(to.Next - start, head - start);
    }

    private static async Task AppendAsync(IJournal to, List<JournalEntry> batch, bool opensEpoch)
    {
        if (batch.Count == 0)
        {
            return;
        }

        // Never cancelled: once it has begun, only the answer tells what is durable.
        var result = opensEpoch
            ? await to.OpenEpochAsync(to.Next, batch, CancellationToken.None)
            : await to.AppendAsync(to.Next, batch, CancellationToken.None);
        if (result.Outcome != AppendOutcome.Appended)
        {
            throw new JournalException(
                JournalFailure.Permanent, $"The copy stopped at position {result.Next} ({result.Outcome}): another node writes to that journal. Find and stop it.");
        }
    }

    private static async Task RequireOneHistoryAsync(IJournal from, IJournal to, CancellationToken cancellationToken)
    {
        if (to.Next == 0)
        {
            return;
        }

        var last = to.Next - 1;
        var (theirs, ours) = (await RecordAsync(from, last, cancellationToken), await RecordAsync(to, last, cancellationToken));
        if (!AppendRules.IsSame(theirs, new JournalEntry(ours.AtMicros, ours.Type, ours.Version, ours.Body)))
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The journal and its replica have different histories: record {last} is not the same in both. Two nodes were at work with one key, or the replica is another's. "
                + "Keep both, find out which has the newest promises ('./nitro journal tail'), and give the node that one, with a new replica.");
        }
    }

    private static async Task<JournalRecord> RecordAsync(IJournal journal, long position, CancellationToken cancellationToken)
    {
        await foreach (var record in journal.ReadAsync(position, cancellationToken))
        {
            return record;
        }

        throw new JournalException(JournalFailure.Permanent, $"Record {position} is not there.");
    }
}
