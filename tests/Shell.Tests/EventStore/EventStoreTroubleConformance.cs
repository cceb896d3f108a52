using Nitro.FakeEventStore;
using Nitro.Ports;
using Nitro.Shell.Tests.Journal;
using Xunit;

namespace Nitro.Shell.Tests.EventStore;

/// <summary>The same demands where one call in six goes wrong in one of the ways there are, and the leader changes now and then.</summary>
public sealed class EventStoreTroubleConformance : JournalConformance, IAsyncLifetime
{
    private static readonly Fault[] Faults = [Fault.Cut, Fault.NotReady, Fault.TimedOut, Fault.Thrown];

    private readonly Random random = new(23);
    private Journals journals = null!;

    public async Task InitializeAsync()
    {
        journals = await Journals.StartAsync(3);
        journals.Cluster.Faults = Choose;
    }

    public async Task DisposeAsync() => await journals.DisposeAsync();

    protected override async Task<IJournal> OpenAsync() => await journals.OpenAsync();

    protected override async Task AppendAsStrangerAsync(params JournalEntry[] entries)
    {
        await using var other = await journals.OpenAsync();
        await other.AppendAsync(other.Next, entries, default);
    }

    private Fault Choose(FaultPoint point, string stream)
    {
        lock (random)
        {
            if (random.Next(12) == 0)
            {
                journals.Cluster.Elect(journals.Cluster.Nodes[random.Next(3)]);
            }

            return random.Next(6) == 0 ? Faults[random.Next(Faults.Length)] : Fault.None;
        }
    }
}
