using Nitro.Ports;
using Nitro.Shell.Tests.Journal;

namespace Nitro.Shell.Tests.EventStore.Real;

public sealed class RealServerConformance : JournalConformance
{
    private readonly string owner = RealServer.NewOwner();

    protected override async Task<IJournal> OpenAsync() => await RealServer.OpenAsync(owner);

    protected override async Task AppendAsStrangerAsync(params JournalEntry[] entries)
    {
        await using var other = await RealServer.OpenAsync(owner);
        await other.AppendAsync(other.Next, entries, default);
    }
}
