using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>Short ways to read a journal.</summary>
public static class JournalReading
{
    /// <summary>The record at a position; null past the end.</summary>
    /// <exception cref="JournalException">It is damaged.</exception>
    public static async ValueTask<JournalRecord?> RecordAtAsync(this IJournalRecords journal, long position, CancellationToken cancellationToken)
    {
        await foreach (var record in journal.ReadAsync(position, cancellationToken).ConfigureAwait(false))
        {
            return record;
        }

        return null;
    }
}
