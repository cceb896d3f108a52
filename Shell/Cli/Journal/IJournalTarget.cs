using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>A store that is being filled. Nobody can take it for a journal before <see cref="CompleteAsync"/>.</summary>
internal interface IJournalTarget : IAsyncDisposable
{
    /// <summary>What it is, for messages; nothing secret.</summary>
    string Title { get; }

    /// <summary>Where the records go.</summary>
    IJournal Journal { get; }

    /// <summary>All are there: from now on it is the journal that was asked for.</summary>
    Task CompleteAsync(CancellationToken cancellationToken);
}
