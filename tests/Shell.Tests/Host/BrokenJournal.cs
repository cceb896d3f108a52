using Nitro.Ports;

namespace Nitro.Shell.Tests.Host;

/// <summary>A journal whose appends fail in a chosen way from some moment on.</summary>
internal sealed class BrokenJournal(IJournal inner) : IJournal
{
    /// <summary>Null: appends work.</summary>
    public Func<AppendResult>? Failure { get; set; }

    /// <summary>Awaited before each append.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Sizes of the appends that were asked for.</summary>
    public List<int> Appends { get; } = [];

    /// <summary>Sizes of the epochs' openings that were asked for.</summary>
    public List<int> Openings { get; } = [];

    /// <summary>Where reading began, each time.</summary>
    public List<long> Reads { get; } = [];

    public long First => inner.First;

    public long Next => inner.Next;

    public long EpochStart => inner.EpochStart;

    public JournalStatistics Statistics => inner.Statistics;

    public async ValueTask<AppendResult> AppendAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        Appends.Add(entries.Count);
        await Gate;
        return Failure is { } failure ? failure() : await inner.AppendAsync(expected, entries, cancellationToken);
    }

    public async ValueTask<AppendResult> OpenEpochAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        Openings.Add(entries.Count);
        await Gate;
        return Failure is { } failure ? failure() : await inner.OpenEpochAsync(expected, entries, cancellationToken);
    }

    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken)
    {
        Reads.Add(from);
        return inner.ReadAsync(from, cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
