using System.Runtime.CompilerServices;
using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>
/// A journal in memory, by the same rules as the one on disk: for tests, simulations and trials. What was appended outlives
/// the handle: <see cref="Reopen"/> stands for the restart of a node.
/// </summary>
public sealed class MemoryJournal : IJournal
{
    private readonly Store stored;
    private long own = long.MaxValue;
    private long next;
    private long records;
    private long appends;
    private long bytes;
    private volatile bool disposed;

    /// <summary>An empty journal.</summary>
    public MemoryJournal()
        : this(new Store())
    {
    }

    private MemoryJournal(Store stored)
    {
        this.stored = stored;
        lock (stored)
        {
            next = stored.Records.Count;
        }
    }

    /// <inheritdoc/>
    public long First => 0;

    /// <inheritdoc/>
    public long Next => Interlocked.Read(ref next);

    /// <inheritdoc/>
    public long EpochStart
    {
        get
        {
            lock (stored)
            {
                return stored.EpochStart;
            }
        }
    }

    /// <inheritdoc/>
    public JournalStatistics Statistics
    {
        get
        {
            lock (stored)
            {
                return new JournalStatistics(records, appends, appends, bytes);
            }
        }
    }

    /// <summary>
    /// Another handle on the same records. The earlier one may be disposed or not; if it still lives it is a second writer,
    /// and whichever of the two is behind gets <see cref="AppendOutcome.Conflict"/>.
    /// </summary>
    public MemoryJournal Reopen() => new(stored);

    /// <inheritdoc/>
    public ValueTask<AppendResult> AppendAsync(
        long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        return Written(expected, AppendRules.Copy(expected, entries, out var size), size, opensEpoch: false);
    }

    /// <inheritdoc/>
    public ValueTask<AppendResult> OpenEpochAsync(
        long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        return Written(expected, AppendRules.Copy(expected, entries, out var size), size, opensEpoch: true);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ObjectDisposedException.ThrowIf(disposed, this);
        lock (stored)
        {
            return Enumerate(from, stored.Records.Count, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        disposed = true;
        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<JournalRecord> Enumerate(
        long from, int head, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask;
        for (var position = from; position < head; position++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            JournalRecord record;
            lock (stored)
            {
                record = stored.Records[(int)position];
            }

            yield return record with { Body = record.Body.ToArray() }; // Readers own what they get, as with a file.
        }
    }

    private ValueTask<AppendResult> Written(long expected, JournalEntry[] entries, long size, bool opensEpoch)
    {
        lock (stored)
        {
            return ValueTask.FromResult(new AppendResult(Append(expected, entries, size, opensEpoch), next));
        }
    }

    private AppendOutcome Append(long expected, JournalEntry[] entries, long size, bool opensEpoch)
    {
        // Only what this handle wrote or found can be its own repeat: equal records of another writer are another writer's.
        var head = stored.Records.Count;
        own = next == head ? own : Math.Min(own, next);
        next = head;
        if (expected != head)
        {
            return expected <= Math.Min(own, next) - entries.Length
                && (!opensEpoch || expected == stored.EpochStart)
                && IsRepeat(expected, entries)
                ? AppendOutcome.Appended
                : AppendOutcome.Conflict;
        }

        foreach (var entry in entries)
        {
            stored.Records.Add(new JournalRecord(stored.Records.Count, entry.AtMicros, entry.Type, entry.Version, entry.Body.ToArray()));
        }

        stored.EpochStart = opensEpoch ? expected : stored.EpochStart;
        next = stored.Records.Count;
        records += entries.Length;
        appends++;
        bytes += size;
        return AppendOutcome.Appended;
    }

    private bool IsRepeat(long expected, JournalEntry[] entries)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            if (!AppendRules.IsSame(stored.Records[(int)expected + i], entries[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What outlives the handles. Also their lock.</summary>
    private sealed class Store
    {
        internal readonly List<JournalRecord> Records = [];
        internal long EpochStart;
    }
}
