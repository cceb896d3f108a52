using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>
/// Moves records from one journal to another without loss: positions, times, types, versions, bodies and the epoch in force. The one way
/// from store to store, for a node's replica as for the tools.
/// </summary>
public static class JournalCopy
{
    /// <summary>
    /// Appends to <paramref name="to"/> what <paramref name="from"/> has more: archive in appends, the epoch in force in one step, so that a copy that is
    /// interrupted is a shorter journal and never half an epoch.
    /// </summary>
    /// <param name="from">Read only.</param>
    /// <param name="to">Empty, or of the same history.</param>
    /// <param name="progress">Told after each append how many records were copied, and how many are to be.</param>
    /// <param name="cancellationToken">Gives up; what was copied stays.</param>
    /// <exception cref="JournalException">Their last common records differ, records between them are missing, or one of them fails.</exception>
    public static async Task CatchUpAsync(IJournalRecords from, IJournal to, Action<long, long> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(progress);
        if (to.Next > from.Next)
        {
            return;
        }

        await RequireOneHistoryAsync(from, to, cancellationToken);
        if (to.Next == from.Next)
        {
            return;
        }

        var (start, head) = (to.Next, from.Next);
        await AppendAllAsync(from.ReadAsync(start, cancellationToken), to, from.EpochStart, done => progress(done, head - start));
    }

    /// <summary>Reads both and compares them, record by record. More may stand in the copy behind these.</summary>
    /// <param name="from">What was copied.</param>
    /// <param name="to">The copy, which begins where the other does.</param>
    /// <param name="progress">Told after each record how many there have been.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JournalException">The copy is another journal, or a record of either is damaged.</exception>
    public static async Task CompareAsync(IJournalRecords from, IJournalRecords to, Action<long> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(progress);
        var count = 0L;
        await using var copies = to.ReadAsync(from.First, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await foreach (var record in from.ReadAsync(from.First, cancellationToken))
        {
            if (!await copies.MoveNextAsync() || !AppendRules.IsSame(copies.Current, EntryOf(record)) || copies.Current.Position != record.Position)
            {
                throw Different($"record {record.Position} is not the one that was read");
            }

            progress(++count);
        }

        if (to.EpochStart != from.EpochStart)
        {
            throw Different($"its epoch begins at {to.EpochStart} and not at {from.EpochStart}");
        }
    }

    private static JournalEntry EntryOf(JournalRecord record) => new(record.AtMicros, record.Type, record.Version, record.Body);

    private static JournalException Different(string cause) =>
        new(JournalFailure.Permanent, $"The copy is not the journal that was read: {cause}. It is of no use: check where it is kept, and make another.");

    /// <summary>Archive in appends; what begins at <paramref name="epochStart"/> (0: nothing) in one step.</summary>
    private static async Task AppendAllAsync(IAsyncEnumerable<JournalRecord> records, IJournal to, long epochStart, Action<long> progress)
    {
        var batch = new List<JournalEntry>();
        var (bytes, count, isInForce) = (0, 0L, false);
        await foreach (var record in records)
        {
            var size = record.Body.Length + (3 * record.Type.Length);
            var begins = epochStart > 0 && record.Position == epochStart;
            if (begins || (!isInForce && (batch.Count == AppendRules.EnoughRecords || bytes + size > AppendRules.EnoughBytes)))
            {
                await AppendAsync(to, batch, opensEpoch: false);
                (batch, bytes) = ([], 0);
                progress(count);
            }

            isInForce |= begins;
            batch.Add(EntryOf(record));
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
                JournalFailure.Permanent,
                $"The copy stopped at position {result.Next} ({result.Outcome}): another node writes to that journal{(to.Rival is { } rival ? $" ({rival})" : "")}. Find and stop it.");
        }
    }

    private static async Task RequireOneHistoryAsync(IJournalRecords from, IJournal to, CancellationToken cancellationToken)
    {
        if (from.First > to.Next)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The journal that is to be copied begins with record {from.First}, since its earlier epochs are in an archive; the copy would begin with {to.Next}. "
                + "Copy it with './nitro journal migrate', naming the archive with --archive where the store needs all records.");
        }

        if (to.Next == from.First)
        {
            return; // Nothing is there in both.
        }

        var last = to.Next - 1;
        var (theirs, ours) = (await from.RecordAtAsync(last, cancellationToken), await to.RecordAtAsync(last, cancellationToken));
        var isSame = theirs is { } one && ours is { } other && AppendRules.IsSame(one, EntryOf(other));
        if (!isSame || (to.Next == from.Next && to.EpochStart != from.EpochStart))
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The journal and its replica have different histories: record {last} is not the same in both. Two nodes were at work with one key, or the replica is another's. "
                + "Keep both, find out which has the newest promises ('./nitro journal tail'), and give the node that one, with a new replica.");
        }
    }
}
