using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Journal;

public sealed class SqliteJournalConformance : JournalConformance, IDisposable
{
    private readonly JournalFolder folder = new();

    public void Dispose() => folder.Dispose();

    protected override async Task<IJournal> OpenAsync() => await folder.OpenAsync();

    // What a second node would do whose operator deleted the lock file under the first one.
    protected override async Task AppendAsStrangerAsync(params JournalEntry[] entries)
    {
        File.Delete(folder.File() + ".lock");
        await using var other = await folder.OpenAsync();
        await other.AppendAsync(other.Next, entries, default);
    }
}
