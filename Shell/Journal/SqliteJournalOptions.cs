namespace Nitro.Journal;

/// <summary>Where a journal lives and whose it is.</summary>
public sealed record SqliteJournalOptions
{
    /// <summary>The database file; made, with its folder, when absent. Beside it: <c>-wal</c>, <c>-shm</c> and <c>.lock</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Whose journal this is, such as the tenant's address. Written once, and compared at every later opening.</summary>
    public required string Owner { get; init; }

    /// <summary>The first record's position in a journal that is made: above 0 where earlier epochs are kept elsewhere.</summary>
    public long FirstPosition { get; init; }

    /// <summary>How long to wait for another program that has the database busy. Only tools can: nodes keep the lock file.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes (in whole pages of 4 KiB) beyond which the file may not grow, as if the disk were full; 0 for none.</summary>
    public long MaximumBytes { get; init; }
}
