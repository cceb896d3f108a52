using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Journal;

public sealed class MemoryJournalConcurrency : JournalConcurrency
{
    protected override Task<IJournal> OpenAsync() => Task.FromResult<IJournal>(new MemoryJournal());

    protected override Task<(IJournal Journal, Func<Task<IJournal>> Reopen)> OpenFreshAsync()
    {
        var journal = new MemoryJournal();
        return Task.FromResult<(IJournal, Func<Task<IJournal>>)>((journal, () => Task.FromResult<IJournal>(journal.Reopen())));
    }
}
