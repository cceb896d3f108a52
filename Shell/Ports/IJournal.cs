namespace Nitro.Ports;

/// <summary>
/// One tenant's append-only history: dense positions from 0, one writer. The store keeps what it cannot read.
/// </summary>
public interface IJournal : IJournalRecords, IAsyncDisposable
{
    /// <summary>
    /// Appends all records or none, durably and in one step however many they are, at <paramref name="expected"/>. A retry of an append that did succeed
    /// (same expected position, same contents) answers <see cref="AppendOutcome.Appended"/> again.
    /// </summary>
    /// <exception cref="JournalException">The outcome is unknown or the store is unusable: the tenant must stop.</exception>
    ValueTask<AppendResult> AppendAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken);

    /// <summary>
    /// Opens an epoch: appends all records or none, durably and in one step however many they are, at <paramref name="expected"/>,
    /// which then is the <see cref="IJournalRecords.EpochStart"/>. A retry is answered as one of <see cref="AppendAsync"/> is.
    /// </summary>
    /// <exception cref="JournalException">The outcome is unknown or the store is unusable: the tenant must stop.</exception>
    ValueTask<AppendResult> OpenEpochAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken);

    /// <summary>Who else wrote to this journal, and where, once that has shown; null as long as it has not, or where the store cannot tell.</summary>
    string? Rival => null;

    /// <summary>What the store has done so far, for summaries and metrics.</summary>
    JournalStatistics Statistics { get; }
}
