using Nitro.Ports;
using Nitro.Shell.Tests.Journal;
using Xunit;

namespace Nitro.Shell.Tests.EventStore;

public sealed class EventStoreJournalConcurrency : JournalConcurrency, IAsyncLifetime
{
    private Journals journals = null!;
    private int owners;

    public async Task InitializeAsync() => journals = await Journals.StartAsync();

    public async Task DisposeAsync() => await journals.DisposeAsync();

    protected override async Task<IJournal> OpenAsync() => await journals.OpenAsync();

    protected override async Task<(IJournal Journal, Func<Task<IJournal>> Reopen)> OpenFreshAsync()
    {
        var owner = $"0x{owners++}";
        return (await journals.OpenAsync(owner), async () => await journals.OpenAsync(owner));
    }

    protected override Task CheckCommits(IJournal journal)
    {
        Assert.InRange(journal.Statistics.Commits, 1, 500); // 990 appends; what waits shares one append of the server.
        return Task.CompletedTask;
    }
}
