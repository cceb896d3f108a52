using Nitro.Ports;
using Nitro.Shell.Tests.Journal;
using Xunit;

namespace Nitro.Shell.Tests.EventStore;

public sealed class EventStoreJournalConformance : JournalConformance, IAsyncLifetime
{
    private Journals journals = null!;

    public async Task InitializeAsync() => journals = await Journals.StartAsync();

    public async Task DisposeAsync() => await journals.DisposeAsync();

    protected override async Task<IJournal> OpenAsync() => await journals.OpenAsync();

    protected override async Task AppendAsStrangerAsync(params JournalEntry[] entries)
    {
        await using var other = await journals.OpenAsync();
        await other.AppendAsync(other.Next, entries, default);
    }
}
