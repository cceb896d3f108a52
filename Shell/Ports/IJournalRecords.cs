namespace Nitro.Ports;

/// <summary>The records of a journal, wherever they are kept: a store that is being written, one that is only read, or a file.</summary>
public interface IJournalRecords
{
    /// <summary>The first record that is there; above 0 once earlier epochs were taken out. <see cref="Next"/> where there is none.</summary>
    long First { get; }

    /// <summary>The position after the last record, as this handle last knew it.</summary>
    long Next { get; }

    /// <summary>
    /// The position at which the epoch in force begins, as this handle last knew it: what stands before it is archive, and not
    /// needed for a restart. 0 before the first epoch.
    /// </summary>
    long EpochStart { get; }

    /// <summary>Records from <paramref name="from"/> on, in order, up to the head at the moment of the call; of earlier epochs too.</summary>
    /// <exception cref="JournalException">A record is missing or damaged; the message names its position.</exception>
    IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken);
}
