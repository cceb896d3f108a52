using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Journal;

public sealed class ReplicatedJournalConformance : JournalConformance
{
    private readonly MemoryJournal store = new();
    private readonly MemoryJournal copy = new();

    protected override async Task<IJournal> OpenAsync() =>
        await ReplicatedJournal.OpenAsync(store.Reopen(), copy.Reopen(), (_, _) => { }, CancellationToken.None);

    protected override async Task AppendAsStrangerAsync(params JournalEntry[] entries)
    {
        await using var other = store.Reopen();
        await other.AppendAsync(other.Next, entries, default);
    }
}
