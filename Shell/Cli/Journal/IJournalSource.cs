using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>A journal to be read, wherever it is kept: a store, a file, or several of them one after the other.</summary>
internal interface IJournalSource : IAsyncDisposable
{
    /// <summary>What it is, for messages.</summary>
    string Title { get; }

    /// <summary>Whose journal it is: an address.</summary>
    string Owner { get; }

    /// <summary>The first record that is there.</summary>
    long First { get; }

    /// <summary>The position after the last record, when it was last looked.</summary>
    long Next { get; }

    /// <summary>Where the epoch in force began, as the store says.</summary>
    long EpochStart { get; }

    /// <summary>Looks again where a journal ends that is still being written.</summary>
    ValueTask<long> RefreshAsync(CancellationToken cancellationToken);

    /// <summary>Where to begin folding for the state at a position and time: an epoch's first record, or the first of all.</summary>
    ValueTask<long> OpeningAsync(long upTo, long atMicros, CancellationToken cancellationToken);

    /// <summary>Records from a position on, up to <see cref="Next"/>.</summary>
    /// <exception cref="JournalException">A record is missing or damaged; the message names it.</exception>
    IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken);

    /// <summary>What is told beside the records, in a support bundle.</summary>
    Task<IReadOnlyList<Nitro.Journal.JournalNote>> NotesAsync(CancellationToken cancellationToken);
}
