namespace Nitro.Ports;

/// <summary>
/// One tenant's append-only history: dense positions from 0, one writer. The store keeps what it cannot read.
/// </summary>
public interface IJournal : IAsyncDisposable
{
    /// <summary>The position that the next record will get, as this writer last knew it.</summary>
    long Next { get; }

    /// <summary>
    /// Appends all records or none, durably, at <paramref name="expected"/>. A retry of an append that did succeed
    /// (same expected position, same contents) answers <see cref="AppendOutcome.Appended"/> again.
    /// </summary>
    /// <exception cref="JournalException">The outcome is unknown or the store is unusable: the tenant must stop.</exception>
    ValueTask<AppendResult> AppendAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken);

    /// <summary>
    /// The position at which the epoch in force begins, as this writer last knew it: what stands before it is archive, and not
    /// needed for a restart. 0 before the first epoch.
    /// </summary>
    long EpochStart { get; }

    /// <summary>
    /// Opens an epoch: appends all records or none, durably and in one step however many they are, at <paramref name="expected"/>,
    /// which then is the <see cref="EpochStart"/>. A retry is answered as one of <see cref="AppendAsync"/> is.
    /// </summary>
    /// <exception cref="JournalException">The outcome is unknown or the store is unusable: the tenant must stop.</exception>
    ValueTask<AppendResult> OpenEpochAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken);

    /// <summary>Records from <paramref name="from"/> on, in order, up to the head at the moment of the call; of earlier epochs too.</summary>
    /// <exception cref="JournalException">A record is damaged; the message names its position.</exception>
    IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken);

    /// <summary>Who else wrote to this journal, and where, once that has shown; null as long as it has not, or where the store cannot tell.</summary>
    string? Rival => null;

    /// <summary>What the store has done so far, for summaries and metrics.</summary>
    JournalStatistics Statistics { get; }
}
