using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Journal;

public sealed class MemoryJournalConformance : JournalConformance
{
    private readonly MemoryJournal store = new();

    protected override Task<IJournal> OpenAsync() => Task.FromResult<IJournal>(store.Reopen());

    protected override async Task AppendAsStrangerAsync(params JournalEntry[] entries)
    {
        await using var other = store.Reopen();
        await other.AppendAsync(other.Next, entries, default);
    }
}
