using Nitro.Ports;
using Nitro.Shell.Tests.Journal;

namespace Nitro.Shell.Tests.EventStore.Real;

public sealed class RealServerConcurrency : JournalConcurrency
{
    protected override async Task<IJournal> OpenAsync() => await RealServer.OpenAsync(RealServer.NewOwner());

    protected override async Task<(IJournal Journal, Func<Task<IJournal>> Reopen)> OpenFreshAsync()
    {
        var owner = RealServer.NewOwner();
        return (await RealServer.OpenAsync(owner), async () => await RealServer.OpenAsync(owner));
    }
}
