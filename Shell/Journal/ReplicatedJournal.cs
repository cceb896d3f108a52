using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>
/// A journal and a replica of it: nothing is acknowledged before both have it, so that either alone holds all that ever had an effect. The journal
/// is written first: what it refuses, because another writer lives, never reaches the replica.
/// </summary>
public sealed class ReplicatedJournal : IJournal
{
    private readonly IJournal journal;
    private readonly IJournal replica;

    private ReplicatedJournal(IJournal journal, IJournal replica) => (this.journal, this.replica) = (journal, replica);

    /// <inheritdoc/>
    public long First => journal.First;

    /// <inheritdoc/>
    public long Next => journal.Next;

    /// <inheritdoc/>
    public long EpochStart => journal.EpochStart;

    /// <inheritdoc/>
    public string? Rival => journal.Rival ?? replica.Rival;

    /// <inheritdoc/>
    public JournalStatistics Statistics => journal.Statistics;

    /// <summary>
    /// Brings the one that is behind up to the other, and then keeps them alike. A crash leaves one of them ahead by an append that was never
    /// acknowledged; a replica may also be new, or have been away.
    /// </summary>
    /// <param name="journal">The tenant's; disposed of with this.</param>
    /// <param name="replica">Of the same tenant; disposed of with this.</param>
    /// <param name="progress">Told how many records are copied, and of how many.</param>
    /// <param name="cancellationToken">Gives up; what was copied stays.</param>
    /// <exception cref="JournalException">They have different histories, or one of them fails. Neither is disposed of then.</exception>
    public static async Task<ReplicatedJournal> OpenAsync(
        IJournal journal, IJournal replica, Action<long, long> progress, CancellationToken cancellationToken)
    {
        if (journal.Next == 0 && replica.Next > 0)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The journal is empty, but its replica has {replica.Next} records: the journal was lost. Bring it back with './nitro restore', or name another replica.");
        }

        await JournalCopy.CatchUpAsync(journal, replica, progress, cancellationToken);
        await JournalCopy.CatchUpAsync(replica, journal, progress, cancellationToken);
        return new ReplicatedJournal(journal, replica);
    }

    /// <summary>A replica's failure, named as one.</summary>
    public static JournalException OfReplica(JournalException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return new JournalException(failure.Failure, $"The journal's replica failed, and nothing is acknowledged that it does not have. {failure.Message}", failure);
    }

    /// <inheritdoc/>
    public async ValueTask<AppendResult> AppendAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        var result = await journal.AppendAsync(expected, entries, cancellationToken).ConfigureAwait(false);
        return result.Outcome == AppendOutcome.Appended
            ? Checked(result, await OnReplicaAsync(replica.AppendAsync(expected, entries, CancellationToken.None)).ConfigureAwait(false))
            : result;
    }

    /// <inheritdoc/>
    public async ValueTask<AppendResult> OpenEpochAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        var result = await journal.OpenEpochAsync(expected, entries, cancellationToken).ConfigureAwait(false);
        return result.Outcome == AppendOutcome.Appended
            ? Checked(result, await OnReplicaAsync(replica.OpenEpochAsync(expected, entries, CancellationToken.None)).ConfigureAwait(false))
            : result;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken) => journal.ReadAsync(from, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await journal.DisposeAsync().ConfigureAwait(false);
        await replica.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Says of a failure that it is the replica's.</summary>
    private static async ValueTask<AppendResult> OnReplicaAsync(ValueTask<AppendResult> append)
    {
        try
        {
            return await append.ConfigureAwait(false);
        }
        catch (JournalException e)
        {
            throw OfReplica(e);
        }
    }

    private static AppendResult Checked(AppendResult result, AppendResult copied) => copied.Outcome == AppendOutcome.Appended
        ? result
        : throw new JournalException(
            JournalFailure.Permanent,
            $"The replica answered an append that the journal has taken with {copied.Outcome}, its head is {copied.Next}: another node writes to it. "
            + "Find and stop that node, or give this one a replica of its own.");
}
