using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

public sealed class SqliteJournalConcurrency : JournalConcurrency, IDisposable
{
    private readonly JournalFolder folder = new();
    private int files;

    public void Dispose() => folder.Dispose();

    protected override async Task<IJournal> OpenAsync() => await folder.OpenAsync();

    protected override async Task<(IJournal Journal, Func<Task<IJournal>> Reopen)> OpenFreshAsync()
    {
        var name = $"{files++}.db";
        return (await folder.OpenAsync(name), async () => await folder.OpenAsync(name));
    }

    protected override Task CheckCommits(IJournal journal)
    {
        Assert.InRange(journal.Statistics.Commits, 1, 500); // 990 appends; what waits is committed together.
        return Task.CompletedTask;
    }
}
