using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>Takes the epochs before the one in force out of a store, into an archive. However it ends, every record is in one of them.</summary>
public interface IJournalCompaction : IDisposable
{
    /// <summary>The store, for messages.</summary>
    string Title { get; }

    /// <summary>The first record that is there.</summary>
    long First { get; }

    /// <summary>Where the epoch in force begins: what stands before it goes.</summary>
    long EpochStart { get; }

    /// <summary>Writes the archive, durably, and reads it again. One that an earlier attempt left behind is only read.</summary>
    /// <exception cref="JournalException">A record is damaged, the file cannot be written, or there is another one of its name.</exception>
    Task ArchiveAsync(string file, Action<long> progress, CancellationToken cancellationToken);

    /// <summary>Takes what was archived out of the store. Only after <see cref="ArchiveAsync"/>.</summary>
    /// <exception cref="JournalException">It was not done; doing it all once more does it.</exception>
    Task ShrinkAsync(CancellationToken cancellationToken);
}
