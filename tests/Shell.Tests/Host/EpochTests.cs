using System.Text;
using System.Text.Json;
using Nitro.Host.Loop;
using Nitro.Journal;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>When a tenant opens an epoch, what it knows after a restart from there, and what it says of a journal that is not whole.</summary>
public sealed class EpochTests
{
    private const string Opening = """{"epoch":1,"facts":2,"seenHeight":0}""";
    private const string Wake = """{"due":1,"topic":{"kind":"retelling","peer":"0x00000000000000000000000000000000000000a1"}}""";

    [Fact]
    public async Task ARunningTenantOpensEpochsAndARestartBeginsAtTheLast()
    {
        using var world = new TestWorld { EpochRecords = 150 };
        var alice = await TestNode.StartAsync(world, 1);
        await using var irene = await TestNode.StartAsync(world, 2);
        await using var bob = await TestNode.StartAsync(world, 3);
        var channel = await TenantTests.OpenPaymentsAsync(alice, irene, bob);
        var pay = $$"""{"Amount":2,"Channel":"{{channel}}"}""";
        await alice.CallAsync("pay", pay, "the-first-payment");
        for (var i = 0; i < 60; i++)
        {
            await alice.CallAsync("pay", pay);
        }

        // Nobody is there to take it: a promise that outlives the epoch.
        var dave = TestKeys.AddressOf(TestKeys.Key(4));
        var proposed = await alice.CallAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, dave, 5, 5));
        await UntilAsync(() => alice.Journal.EpochStart > 0);
        var first = alice.Journal.EpochStart;
        for (var i = 0; i < 60 || alice.Journal.EpochStart == first; i++)
        {
            await alice.CallAsync("pay", pay, $"after-the-epoch-{i:D4}");
        }

        var paid = await TenantTests.PaidAsync(alice, channel, 2 * 61);
        await alice.DisposeAsync();
        var journal = new BrokenJournal(alice.Journal.Reopen());
        var again = await TestNode.StartAsync(world, TestKeys.Key(1), alice.Journal, journal);

        Assert.Equal([journal.EpochStart], journal.Reads);
        Assert.True(journal.EpochStart > first);
        await again.CallAsync("pay", pay, "the-first-payment");
        Assert.Equal(paid, await TenantTests.PaidAsync(again, channel, paid));
        Assert.Equal(paid, await TenantTests.PaidAsync(bob, channel, paid));

        await using var late = await TestNode.StartAsync(world, 4);
        await again.ObjectiveAsync(proposed.GetProperty("Id").GetString()!, "Completed");
        await again.DisposeAsync();
        await TakenUnderItsFirstIdAsync(alice.Journal.Reopen(), dave);
    }

    [Fact]
    public async Task ATenantThatStartsOverALongJournalOpensAnEpochFirst()
    {
        using var idle = new TestWorld { EpochRecords = 0 };
        var journal = await LivedAsync(idle);
        Assert.Equal(0, journal.EpochStart);
        var length = journal.Next;

        using var world = new TestWorld { EpochRecords = 100 };
        await using var alice = await TestNode.StartAsync(world, 1, journal.Reopen());

        Assert.Equal(length, journal.EpochStart);
        Assert.InRange(alice.Tenant.Statistics.JournalPosition, length + 1, length + (length / 4));
    }

    [Fact]
    public async Task AnOpeningThatWouldBeMoreThanAQuarterIsNotWritten()
    {
        using var idle = new TestWorld { EpochRecords = 0 };
        var journal = await LivedAsync(idle, payments: 0);
        var length = journal.Next;

        using var world = new TestWorld { EpochRecords = 10 };
        await using var alice = await TestNode.StartAsync(world, 1, journal.Reopen());

        Assert.Equal((0, length), (journal.EpochStart, alice.Tenant.Statistics.JournalPosition));
    }

    [Theory]
    [InlineData("WakeRestated", Wake, "opens none")]
    [InlineData("EpochOpened", Opening, "complete")]
    [InlineData("EpochReopened", Opening, "cannot be read")]
    public async Task AJournalWhoseEpochIsNotWholeIsRefusedWithThePosition(string type, string body, string reason)
    {
        using var world = new TestWorld();
        var journal = await LivedAsync(world, payments: 0);
        var at = journal.Next;
        await journal.OpenEpochAsync(at, [new JournalEntry(1, type, 1, Encoding.UTF8.GetBytes(body))], CancellationToken.None);

        var refused = await Assert.ThrowsAsync<TenantStoppedException>(() => TestNode.StartAsync(world, 1, journal.Reopen()));

        Assert.Contains($"{at}", refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherWriterAtTheOpeningStopsTheTenant()
    {
        using var idle = new TestWorld { EpochRecords = 0 };
        var journal = await LivedAsync(idle);
        using var world = new TestWorld { EpochRecords = 100 };
        var broken = new BrokenJournal(journal.Reopen()) { Failure = () => new AppendResult(AppendOutcome.Conflict, 7) };

        await Assert.ThrowsAsync<TenantStoppedException>(() => TestNode.StartAsync(world, TestKeys.Key(1), journal, broken));

        Assert.Single(broken.Openings);
        Assert.Equal(0, journal.EpochStart);
    }

    /// <summary>The journal of one with an open payment channel who has stopped: with this many payments an opening restates about a fifth of it.</summary>
    private static async Task<MemoryJournal> LivedAsync(TestWorld world, int payments = 150)
    {
        var alice = await TestNode.StartAsync(world, 1);
        await using (alice)
        {
            await using var irene = await TestNode.StartAsync(world, 2);
            await using var bob = await TestNode.StartAsync(world, 3);
            var channel = await TenantTests.OpenPaymentsAsync(alice, irene, bob);
            for (var i = 0; i < payments; i++)
            {
                await alice.CallAsync("pay", $$"""{"Amount":1,"Channel":"{{channel}}"}""");
            }
        }

        // Only now: while it stops it may write what became of its last effects.
        return alice.Journal.Reopen();
    }

    /// <summary>What was promised before the first epoch is restated, and was finished in the last, all under one id.</summary>
    private static async Task TakenUnderItsFirstIdAsync(IJournal journal, string peer)
    {
        var records = new List<(long Position, string Type, JsonElement Body)>();
        await foreach (var record in journal.ReadAsync(0, CancellationToken.None))
        {
            records.Add((record.Position, record.Type, JsonDocument.Parse(record.Body).RootElement));
        }

        var promise = records.First(r => r.Type == "IntentRecorded" && r.Body.TryGetProperty("peer", out var told) && told.GetString() == peer);
        Assert.True(promise.Position < journal.EpochStart);
        Assert.Contains(records, r => r.Type == "IntentRestated" && r.Body.GetProperty("effect").GetInt64() == promise.Position);
        var finished = Assert.Single(records, r => r.Type == "IntentFinished" && r.Body.GetProperty("effect").GetInt64() == promise.Position);
        Assert.True(finished.Position > journal.EpochStart);
        Assert.Equal("kept", finished.Body.GetProperty("finish").GetString());
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
        {
            await tick.WaitForNextTickAsync(limit.Token);
        }
    }
}
