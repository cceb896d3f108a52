using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>A journal in a file: an export, an archive of earlier epochs, or a support bundle.</summary>
internal sealed class FileSource(JournalFile file) : IJournalSource
{
    public string Title { get; } = $"the file {file.Path}";

    public string Owner => file.Head.Owner;

    public long First => file.First;

    public long Next => file.Next;

    /// <summary>In an archive the epoch in force is not: what it has is read from its first record on.</summary>
    public long EpochStart => file.EpochStart < file.Next ? file.EpochStart : file.First;

    public ValueTask<long> RefreshAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Next);

    /// <summary>A file is read from its start in any case.</summary>
    public ValueTask<long> OpeningAsync(long upTo, long atMicros, CancellationToken cancellationToken) => ValueTask.FromResult(First);

    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken) => file.ReadAsync(from, cancellationToken);

    public Task<IReadOnlyList<JournalNote>> NotesAsync(CancellationToken cancellationToken) => file.NotesAsync(cancellationToken);

    /// <summary>Nobody writes to a file.</summary>
    public Task<IAsyncDisposable?> HoldAsync(CancellationToken cancellationToken) => Task.FromResult<IAsyncDisposable?>(null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
