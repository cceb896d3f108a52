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
        await AppendAllAsync(from.ReadAsync(start, cancellationToken), to, from.EpochStart, done => progress(done, head - start));
    }

    /// <summary>Appends records that follow on its last: archive in appends, what begins at <paramref name="epochStart"/> (0: nothing) in one step.</summary>
    /// <param name="records">Positions are the journal's own.</param>
    /// <param name="to">The journal.</param>
    /// <param name="epochStart">The position of the epoch in force.</param>
    /// <param name="progress">Told after each append how many records there have been.</param>
    /// <exception cref="JournalException">The journal takes no more, or a record is damaged.</exception>
    public static async Task AppendAllAsync(IAsyncEnumerable<JournalRecord> records, IJournal to, long epochStart, Action<long> progress)
    {
        var batch = new List<JournalEntry>();
        var (bytes, count, isInForce) = (0, 0L, false);
        await foreach (var record in records)
        {
            var size = record.Body.Length + (3 * record.Type.Length);
            var begins = epochStart > 0 && record.Position == epochStart;
            if (begins || (!isInForce && (batch.Count == AppendRules.MaximumRecords || bytes + size > AppendRules.MaximumBytes)))
            {
                await AppendAsync(to, batch, opensEpoch: false);
                (batch, bytes) = ([], 0);
                progress(count);
            }

            isInForce |= begins;
            batch.Add(new JournalEntry(record.AtMicros, record.Type, record.Version, record.Body));
            bytes += size;
            count++;
        }

        await AppendAsync(to, batch, isInForce);
        progress(count);
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
        var (theirs, ours) = (await from.RecordAtAsync(last, cancellationToken), await to.RecordAtAsync(last, cancellationToken));
        if (theirs is not { } one || ours is not { } other || !AppendRules.IsSame(one, new JournalEntry(other.AtMicros, other.Type, other.Version, other.Body)))
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The journal and its replica have different histories: record {last} is not the same in both. Two nodes were at work with one key, or the replica is another's. "
                + "Keep both, find out which has the newest promises ('./nitro journal tail'), and give the node that one, with a new replica.");
        }
    }
}
