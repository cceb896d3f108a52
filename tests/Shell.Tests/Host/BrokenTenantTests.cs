using Nitro.Host;
using Nitro.Journal;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>A tenant whose journal fails stops alone, sends nothing, and answers its callers.</summary>
public sealed class BrokenTenantTests
{
    [Fact]
    public async Task AnotherWriterStopsTheTenantAndItsCallersAreAnswered()
    {
        using var world = new TestWorld();
        var (alice, journal) = await BrokenAsync(world, 1);
        await using var bob = await TestNode.StartAsync(world, 2);
        journal.Failure = () => new AppendResult(AppendOutcome.Conflict, 99);

        var problem = await alice.ProblemAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, bob.Address, 1, 1));

        Assert.Equal("stopped", problem?.Tag);
        Assert.Equal(TenantState.Broken, alice.Tenant.State);
        Assert.NotNull(alice.Tenant.Failure);
        Assert.Equal(0, bob.Tenant.Statistics.MessagesReceived);
        Assert.Equal(TenantState.Running, bob.Tenant.State);
        await alice.DisposeAsync();
    }

    [Fact]
    public async Task APeerOfABrokenTenantIsNotToldThatItsMessageWasTaken()
    {
        using var world = new TestWorld();
        var (alice, journal) = await BrokenAsync(world, 1);
        await using var bob = await TestNode.StartAsync(world, 2);
        journal.Failure = () => throw new JournalException(JournalFailure.Unknown, "the disk is gone");

        await bob.CallAsync("create_ledger_channel", TestWorld.Ledger(bob.Address, alice.Address, 1, 1));
        await EndedAsync(alice.Tenant);

        Assert.IsType<JournalException>(alice.Tenant.Failure);
        Assert.Equal(0, bob.Tenant.Statistics.MessagesSent);
        await alice.DisposeAsync();
    }

    private static async Task<(TestNode Node, BrokenJournal Journal)> BrokenAsync(TestWorld world, int key)
    {
        var stored = new MemoryJournal();
        var journal = new BrokenJournal(stored);
        return (await TestNode.StartAsync(world, TestKeys.Key(key), stored, journal), journal);
    }

    private static async Task EndedAsync(Tenant tenant)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (tenant.State != TenantState.Broken)
        {
            await tick.WaitForNextTickAsync(limit.Token);
        }
    }
}
