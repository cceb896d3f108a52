using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>The last record of a journal that was restored from a copy, or without one the first: by it the node asks its peers what came after.</summary>
internal static class RestoredMark
{
    /// <summary>Puts it behind the copy, unless an attempt before this one has.</summary>
    /// <exception cref="JournalException">The journal takes it not.</exception>
    /// <exception cref="CliError">Something else stands behind the copy.</exception>
    public static async Task PutAsync(IJournalRecords copied, IJournal journal, CancellationToken cancellationToken)
    {
        // No record is older than the one before it.
        var last = await copied.RecordAtAsync(copied.Next - 1, cancellationToken) is { } newest ? newest.AtMicros : 0;
        await PutAsync(copied.Next, last, journal, cancellationToken);
    }

    /// <summary>Begins a journal of which nothing is left.</summary>
    /// <exception cref="JournalException">The journal takes it not.</exception>
    /// <exception cref="CliError">Something else stands in it.</exception>
    public static Task BeginAsync(IJournal journal, CancellationToken cancellationToken) => PutAsync(0, 0, journal, cancellationToken);

    private static async Task PutAsync(long position, long notBefore, IJournal journal, CancellationToken cancellationToken)
    {
        var mark = NodeHistory.Restored();
        if (await journal.RecordAtAsync(position, cancellationToken) is { } behind)
        {
            if (behind.Type != mark.Type || journal.Next != position + 1)
            {
                throw new CliError($"Record {behind.Position} ({behind.Type}) stands behind the copy: the journal was filled with another one. Name a store that is not there yet.");
            }

            return;
        }

        var now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var result = await journal.AppendAsync(position, [new JournalEntry(Math.Max(notBefore, now), mark.Type, mark.Version, mark.Body)], CancellationToken.None);
        if (result.Outcome != AppendOutcome.Appended)
        {
            throw new JournalException(JournalFailure.Permanent, $"The mark of a restored journal was answered with {result.Outcome}: another process writes to it. Find and stop that one.");
        }
    }
}
