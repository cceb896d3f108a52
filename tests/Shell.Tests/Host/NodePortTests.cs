using System.Text;
using Nitro.Host;
using Nitro.Host.Api;
using Nitro.Journal;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>What an API caller gets when the node is slow, full or gone.</summary>
public sealed class NodePortTests
{
    private const string Request = "0123456789abcdef";
    private static readonly string Other = TestKeys.AddressOf(TestKeys.Key(2));

    [Fact]
    public async Task AfterTheTimeLimitTheCallerIsToldToAskAgainAndTheWorkGoesOn()
    {
        using var world = new TestWorld { Limits = new TenantLimits { CallTime = TimeSpan.FromMilliseconds(50) } };
        var (alice, gate) = await StuckAsync(world);
        var payload = TestWorld.Ledger(alice.Address, Other, 1, 1);

        var problem = await alice.ProblemAsync("create_ledger_channel", payload, Request);
        Assert.Equal("not-yet", problem?.Tag);
        Assert.Contains(Request, problem!.Next);
        gate.SetResult();

        Assert.Contains("DirectFunding", (await AgainAsync(alice, payload)).ToString());
        Assert.Equal(1, alice.Tenant.Statistics.OpenObjectives);
        await alice.DisposeAsync();
    }

    [Fact]
    public async Task SeveralWhoAskForTheSameAllGetTheAnswer()
    {
        using var world = new TestWorld();
        var (alice, gate) = await StuckAsync(world);
        var payload = TestWorld.Ledger(alice.Address, Other, 1, 1);

        var first = alice.CallAsync("create_ledger_channel", payload, Request);
        var second = alice.CallAsync("create_ledger_channel", payload, Request);
        var other = alice.ProblemAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, Other, 2, 2), Request);
        gate.SetResult();

        Assert.Equal((await first).ToString(), (await second).ToString());
        Assert.Equal(-32602, (await other)?.Code);
        Assert.Equal(1, alice.Tenant.Statistics.OpenObjectives);
        await alice.DisposeAsync();
    }

    [Fact]
    public async Task AFullMailboxSaysBusy()
    {
        using var world = new TestWorld { Limits = new TenantLimits { Mailbox = 2, Turn = 1 } };
        var (alice, gate) = await StuckAsync(world);
        var calls = Enumerable.Range(0, 10)
            .Select(i => alice.ProblemAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, $"0x{i + 100:x40}", 1, 1)))
            .ToList();

        // Nothing is stepped while the gate is shut, so what is answered already was answered by the mailbox.
        var atOnce = await Task.WhenAll(calls.Where(call => call.IsCompleted));
        Assert.NotEmpty(atOnce);
        Assert.All(atOnce, problem => Assert.Equal("busy", problem?.Tag));
        gate.SetResult();
        await Task.WhenAll(calls);
        await alice.DisposeAsync();
    }

    [Fact]
    public async Task ACallerThatLeavesDoesNotUndoTheWork()
    {
        using var world = new TestWorld();
        var (alice, gate) = await StuckAsync(world);
        var payload = TestWorld.Ledger(alice.Address, Other, 1, 1);
        using var leave = new CancellationTokenSource();
        var call = alice.Tenant.Port.CallAsync("create_ledger_channel", Encoding.UTF8.GetBytes(payload), Request, leave.Token);

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await call);
        gate.SetResult();

        Assert.Contains("DirectFunding", (await alice.CallAsync("create_ledger_channel", payload, Request)).ToString());
        await alice.DisposeAsync();
    }

    [Fact]
    public async Task BadCallsAreAnsweredAndChangeNothing()
    {
        using var world = new TestWorld();
        await using var alice = await TestNode.StartAsync(world, 1);
        foreach (var method in (string[])["pay", "get_objective", "create_ledger_channel", "reject_objective", "no_such_method", ""])
        {
            foreach (var payload in (string[])["", "{", "[]", "null", "\"\\ud800\"", "{\"Amount\":-1}", "{\"Id\":\"\\ud800\"}", "\0", new string('[', 5000)])
            {
                Assert.NotNull(await alice.ProblemAsync(method, payload));
            }
        }

        Assert.Equal(0, alice.Tenant.Statistics.JournalPosition);
        Assert.Equal(TenantState.Running, alice.Tenant.State);
    }

    [Fact]
    public async Task ASubscriberThatFallsBehindIsEndedAndTheOthersGoOn()
    {
        var hub = new NotificationHub(3);
        var (slow, quick) = (hub.SubscribeAsync(CancellationToken.None), hub.SubscribeAsync(CancellationToken.None).GetAsyncEnumerator());
        for (byte i = 0; i < 10; i++)
        {
            hub.Publish("updated", "channel", new[] { i });
            hub.Publish("updated", "channel", new[] { i });
            Assert.True(await quick.MoveNextAsync());
            Assert.Equal(i, quick.Current.Payload.Span[0]);
        }

        var seen = 0;
        await foreach (var notification in slow)
        {
            seen++;
        }

        Assert.Equal(3, seen);
        Assert.Equal(1, hub.Subscribers);
        hub.Close();
        Assert.False(await quick.MoveNextAsync());
    }

    private static async Task<(TestNode Node, TaskCompletionSource Gate)> StuckAsync(TestWorld world)
    {
        var stored = new MemoryJournal();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var journal = new BrokenJournal(stored) { Gate = gate.Task };
        return (await TestNode.StartAsync(world, TestKeys.Key(1), stored, journal), gate);
    }

    private static async Task<System.Text.Json.JsonElement> AgainAsync(TestNode node, string payload)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await node.ProblemAsync("create_ledger_channel", payload, Request) is not null)
        {
            limit.Token.ThrowIfCancellationRequested();
        }

        return await node.CallAsync("create_ledger_channel", payload, Request);
    }
}
