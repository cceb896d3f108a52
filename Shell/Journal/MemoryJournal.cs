using System.Runtime.CompilerServices;
using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>
/// A journal in memory, by the same rules as the one on disk: for tests, simulations and trials. What was appended outlives
/// the handle: <see cref="Reopen"/> stands for the restart of a node.
/// </summary>
public sealed class MemoryJournal : IJournal
{
    private readonly List<JournalRecord> stored;
    private long own = long.MaxValue;
    private long next;
    private long records;
    private long appends;
    private long bytes;
    private volatile bool disposed;

    /// <summary>An empty journal.</summary>
    public MemoryJournal()
        : this([])
    {
    }

    private MemoryJournal(List<JournalRecord> stored)
    {
        this.stored = stored;
        lock (stored)
        {
            next = stored.Count;
        }
    }

    /// <inheritdoc/>
    public long Next => Interlocked.Read(ref next);

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
        if (AppendRules.Check(expected, entries, out var size) is not { } copy)
        {
            return ValueTask.FromResult(new AppendResult(AppendOutcome.TooLarge, Next));
        }

        lock (stored)
        {
            return ValueTask.FromResult(new AppendResult(Append(expected, copy, size), next));
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ObjectDisposedException.ThrowIf(disposed, this);
        lock (stored)
        {
            return Enumerate(from, stored.Count, cancellationToken);
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
                record = stored[(int)position];
            }

            yield return record with { Body = record.Body.ToArray() }; // Readers own what they get, as with a file.
        }
    }

    private AppendOutcome Append(long expected, JournalEntry[] entries, int size)
    {
        // Only what this handle wrote or found can be its own repeat: equal records of another writer are another writer's.
        own = next == stored.Count ? own : Math.Min(own, next);
        next = stored.Count;
        if (expected != stored.Count)
        {
            return expected <= Math.Min(own, next) - entries.Length && IsRepeat(expected, entries)
                ? AppendOutcome.Appended
                : AppendOutcome.Conflict;
        }

        foreach (var entry in entries)
        {
            stored.Add(new JournalRecord(stored.Count, entry.AtMicros, entry.Type, entry.Version, entry.Body.ToArray()));
        }

        next = stored.Count;
        records += entries.Length;
        appends++;
        bytes += size;
        return AppendOutcome.Appended;
    }

    private bool IsRepeat(long expected, JournalEntry[] entries)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            if (!AppendRules.IsSame(stored[(int)expected + i], entries[i]))
            {
                return false;
            }
        }

        return true;
    }
}
