using System.Text.Json;
using Nitro.Host;
using Nitro.Host.Link;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>Whole tenants with the real core, an in-process network and a fake chain.</summary>
public sealed class TenantTests
{
    [Fact]
    public async Task TwoTenantsOpenALedger()
    {
        using var world = new TestWorld();
        await using var alice = await TestNode.StartAsync(world, 1);
        await using var bob = await TestNode.StartAsync(world, 2);

        var opened = await alice.CallAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, bob.Address, 100, 100));
        var id = opened.GetProperty("Id").GetString()!;
        await alice.ObjectiveAsync(id, "Completed");
        await bob.ObjectiveAsync(id, "Completed");

        Assert.Equal(2, world.Chain.Deposits);
        Assert.Equal(TenantState.Running, alice.Tenant.State);
        Assert.Empty(alice.Chain.Calls);
    }

    [Fact]
    public async Task PaymentsReachTheOtherEndOverAnIntermediary()
    {
        using var world = new TestWorld();
        await using var alice = await TestNode.StartAsync(world, 1);
        await using var irene = await TestNode.StartAsync(world, 2);
        await using var bob = await TestNode.StartAsync(world, 3);
        var channel = await OpenPaymentsAsync(alice, irene, bob);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => alice.CallAsync("pay", $$"""{"Amount":1,"Channel":"{{channel}}"}""")));

        var seen = await PaidAsync(bob, channel, 50);
        Assert.Equal(50, seen);
        var statistics = alice.Tenant.Statistics;
        Assert.True(statistics.Journal.Commits < statistics.Journal.Records, "records share commits");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ABadNetworkOnlyDelays(int seed)
    {
        using var world = new TestWorld();
        world.Network.Faults = new LinkFaults
        {
            Seed = seed,
            Lose = 0.15,
            LoseAnswer = 0.15,
            Repeat = 0.2,
            Reorder = 0.15,
            LongestDelay = TimeSpan.FromMilliseconds(5),
        };
        await using var alice = await TestNode.StartAsync(world, 1);
        await using var irene = await TestNode.StartAsync(world, 2);
        await using var bob = await TestNode.StartAsync(world, 3);
        var channel = await OpenPaymentsAsync(alice, irene, bob);

        await alice.CallAsync("pay", $$"""{"Amount":7,"Channel":"{{channel}}"}""");

        Assert.Equal(7, await PaidAsync(bob, channel, 7));
        Assert.True(alice.Tenant.Statistics.Retries > 0);
    }

    [Fact]
    public async Task AfterAStopWhatWasPromisedIsCarriedOn()
    {
        using var world = new TestWorld();
        var alice = await TestNode.StartAsync(world, 1);
        const string Request = "open-the-ledger-once";
        var payload = TestWorld.Ledger(alice.Address, TestKeys.AddressOf(TestKeys.Key(2)), 10, 10);
        var id = (await alice.CallAsync("create_ledger_channel", payload, Request)).GetProperty("Id").GetString()!;

        alice = await alice.RestartAsync();
        await using var bob = await TestNode.StartAsync(world, 2);
        await bob.ObjectiveAsync(id, "Completed");
        var again = await bob.RestartAsync();
        await alice.ObjectiveAsync(id, "Completed");
        await again.ObjectiveAsync(id, "Completed");

        Assert.Equal(id, (await alice.CallAsync("create_ledger_channel", payload, Request)).GetProperty("Id").GetString());
        await alice.DisposeAsync();
        await again.DisposeAsync();
    }

    [Fact]
    public async Task ARequestIdWithOtherContentsIsRefused()
    {
        using var world = new TestWorld();
        await using var alice = await TestNode.StartAsync(world, 1);
        const string Request = "0123456789abcdef";
        var other = TestKeys.AddressOf(TestKeys.Key(2));
        await alice.CallAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, other, 1, 1), Request);

        var problem = await alice.ProblemAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, other, 2, 2), Request);

        Assert.Equal(-32602, problem?.Code);
    }

    [Fact]
    public async Task SubscribersHearThatAnObjectiveIsDone()
    {
        using var world = new TestWorld();
        await using var alice = await TestNode.StartAsync(world, 1);
        await using var bob = await TestNode.StartAsync(world, 2);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var notifications = alice.Tenant.Port.NotificationsAsync(limit.Token);
        await alice.CallAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, bob.Address, 100, 100));

        var seen = new List<string>();
        await foreach (var notification in notifications)
        {
            seen.Add($"{notification.Method} {JsonDocument.Parse(notification.Payload).RootElement}");
            if (notification.Method == "objective_completed")
            {
                break;
            }
        }

        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public async Task AStoppedTenantAnswersItsCallers()
    {
        using var world = new TestWorld();
        var alice = await TestNode.StartAsync(world, 1);
        await alice.DisposeAsync();

        var problem = await alice.ProblemAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, TestKeys.AddressOf(TestKeys.Key(2)), 1, 1));

        Assert.Equal("stopped", problem?.Tag);
        Assert.Equal(TenantState.Stopped, alice.Tenant.State);
    }

    [Fact]
    public async Task StatisticsAndVersionAreAnswered()
    {
        using var world = new TestWorld();
        await using var alice = await TestNode.StartAsync(world, 1);

        Assert.Equal(JsonValueKind.String, (await alice.CallAsync("version", "")).ValueKind);
        Assert.True((await alice.CallAsync("get_node_statistics", "")).GetProperty("chain").GetProperty("connected").GetBoolean());
        Assert.Equal("none", alice.Tenant.Port.PermissionOf("version"));
        Assert.Equal("read", alice.Tenant.Port.PermissionOf("get_node_statistics"));
        Assert.Equal("sign", alice.Tenant.Port.PermissionOf("pay"));
        Assert.Null(alice.Tenant.Port.PermissionOf("no_such_method"));
    }

    internal static async Task<string> OpenPaymentsAsync(TestNode alice, TestNode irene, TestNode bob)
    {
        var left = await alice.CallAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, irene.Address, 1000, 1000));
        var right = await irene.CallAsync("create_ledger_channel", TestWorld.Ledger(irene.Address, bob.Address, 1000, 1000));
        await alice.ObjectiveAsync(left.GetProperty("Id").GetString()!, "Completed");
        await irene.ObjectiveAsync(left.GetProperty("Id").GetString()!, "Completed");
        await irene.ObjectiveAsync(right.GetProperty("Id").GetString()!, "Completed");
        await bob.ObjectiveAsync(right.GetProperty("Id").GetString()!, "Completed");
        var opened = await alice.CallAsync("create_payment_channel", TestWorld.Payment(alice.Address, irene.Address, bob.Address, 500));
        await alice.ObjectiveAsync(opened.GetProperty("Id").GetString()!, "Completed");
        await bob.ObjectiveAsync(opened.GetProperty("Id").GetString()!, "Completed");
        return opened.GetProperty("ChannelId").GetString()!;
    }

    internal static async Task<int> PaidAsync(TestNode node, string channel, int wanted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (await tick.WaitForNextTickAsync(limit.Token))
        {
            var view = await node.CallAsync("get_payment_channel", $$"""{"Id":"{{channel}}"}""");
            var paid = Convert.ToInt32(view.GetProperty("Balance").GetProperty("PaidSoFar").GetString(), 16);
            if (paid >= wanted)
            {
                return paid;
            }
        }

        return -1;
    }
}
