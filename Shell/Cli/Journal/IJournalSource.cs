using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>A journal that a tool reads, wherever it is kept: a store, a file, or several of them one after the other.</summary>
internal interface IJournalSource : IJournalRecords, IAsyncDisposable
{
    /// <summary>What it is, for messages; nothing secret.</summary>
    string Title { get; }

    /// <summary>Whose journal it is: an address.</summary>
    string Owner { get; }

    /// <summary>Looks again where a journal ends that is still being written.</summary>
    ValueTask<long> RefreshAsync(CancellationToken cancellationToken);

    /// <summary>Where to begin folding for the state at a position and time: an epoch's first record, or the first of all.</summary>
    ValueTask<long> OpeningAsync(long upTo, long atMicros, CancellationToken cancellationToken);

    /// <summary>What is told beside the records, in a support bundle.</summary>
    Task<IReadOnlyList<Nitro.Journal.JournalNote>> NotesAsync(CancellationToken cancellationToken);

    /// <summary>Keeps every node from writing to it as long as the result is held, where the store can; else refuses what can be seen to write.</summary>
    /// <exception cref="JournalException">A node has it open.</exception>
    Task<IAsyncDisposable?> HoldAsync(CancellationToken cancellationToken);
}
