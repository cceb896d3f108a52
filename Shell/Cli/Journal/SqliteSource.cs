using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>A journal in SQLite, read beside the node that may be writing it.</summary>
internal sealed class SqliteSource(SqliteJournalReader reader) : IJournalSource
{
    public string Title { get; } = $"the journal {reader.Path}";

    public string Owner => reader.Owner;

    public long First { get; } = reader.First;

    public long Next { get; private set; } = reader.Next;

    public long EpochStart { get; } = reader.EpochStart;

    public ValueTask<long> RefreshAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Next = reader.Next);

    public ValueTask<long> OpeningAsync(long upTo, long atMicros, CancellationToken cancellationToken) =>
        new(Task.Run(() => reader.Last(NodeHistory.OpeningType, upTo, atMicros) ?? First, cancellationToken));

    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken) =>
        reader.ReadAsync(Math.Max(from, First), Next, cancellationToken);

    public Task<IReadOnlyList<JournalNote>> NotesAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<JournalNote>>([]);

    public async Task<IAsyncDisposable?> HoldAsync(CancellationToken cancellationToken) =>
        await SqliteJournal.OpenAsync(new SqliteJournalOptions { Path = reader.Path, Owner = reader.Owner }, cancellationToken);

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        return ValueTask.CompletedTask;
    }
}
