using Nitro.EventStore;
using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>A journal on EventStoreDB, read beside the node that may be writing it.</summary>
internal sealed class EventStoreSource(EventStoreJournalReader reader) : IJournalSource
{
    public string Title => reader.Title;

    public string Owner => reader.Owner;

    public long First => reader.First;

    public long Next => reader.Next;

    public long EpochStart => reader.EpochStart;

    public ValueTask<long> RefreshAsync(CancellationToken cancellationToken) => reader.RefreshAsync(cancellationToken);

    public async ValueTask<long> OpeningAsync(long upTo, long atMicros, CancellationToken cancellationToken) =>
        Math.Max(First, await reader.EpochAtAsync(upTo, atMicros, cancellationToken));

    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken) => reader.ReadAsync(from, cancellationToken);

    public Task<IReadOnlyList<JournalNote>> NotesAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<JournalNote>>([]);

    public Task<IAsyncDisposable?> HoldAsync(CancellationToken cancellationToken)
    {
        reader.RequireNoWriter();
        return Task.FromResult<IAsyncDisposable?>(null);
    }

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        return ValueTask.CompletedTask;
    }
}
