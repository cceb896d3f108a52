using System.Text.Json;
using Nitro.Cli;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A chain that goes away, comes back, or answers rubbish: the node waits, says so, and goes on.</summary>
public sealed class ChainTroubleTests
{
    [Fact]
    public async Task AChainThatIsRestartedUnderneathIsWaitedFor()
    {
        var folder = Directory.CreateTempSubdirectory("nitro-e2e-chain-");
        var lab = new Lab(Path.Combine(folder.FullName, "state.json"));
        await lab.InitializeAsync();
        try
        {
            await using var world = await World.BuildAsync(lab, "alice", "bob");
            await world.StartAsync();
            var first = await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, 0);
            var channel = await world.OpenPaymentsAsync(["alice", "bob"], 1_000);
            await lab.StopChainAsync();
            Assert.NotEqual(string.Empty, await ComplaintAsync(world));

            // What needs no chain goes on meanwhile; what needs it waits.
            await world.PayAsync("alice", channel, 5);
            await world.ClosePaymentsAsync("bob", channel, "alice", "bob");
            var closing = await world["alice"].CallAsync("close_ledger_channel", json => json.WriteString("ChannelId", first), null, world.Token);
            await WaitsForChainAsync(world, closing.GetString()!);
            await lab.StartChainAsync();

            await world.CompletedAsync(closing.GetString()!, "alice", "bob");
            await WellAgainAsync(world);
            var second = await world.OpenLedgerAsync("bob", "alice", Amounts.Ether, 0);
            await world.CloseLedgerAsync("bob", second, "alice", "bob");
            Assert.Equal(Lab.Grant - 5, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token));
            Assert.Equal(Lab.Grant + 5, await lab.WealthAsync(world["bob"], world.StartBlock, world.Token));
        }
        finally
        {
            await lab.DisposeAsync();
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task AChainThatAnswersRubbishIsWaitedFor()
    {
        var lab = new Lab();
        await lab.InitializeAsync();
        try
        {
            await using var proxy = MuddledEndpoint.Before(lab.Url);
            await using var world = await World.BuildAsync(lab, "alice", "bob");
            world.Config["chain"]!["url"] = proxy.Url.ToString();
            await world.StartAsync();
            var ledger = await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, Amounts.Ether);
            proxy.IsMuddled = true;
            Assert.NotEqual(string.Empty, await ComplaintAsync(world));
            var closing = await world["alice"].CallAsync("close_ledger_channel", json => json.WriteString("ChannelId", ledger), null, world.Token);
            await WaitsForChainAsync(world, closing.GetString()!);
            await proxy.AllAnswersGivenAsync(world.Token);
            Assert.DoesNotContain("Critical", world.Log.Text);
            proxy.IsMuddled = false;

            await world.CompletedAsync(closing.GetString()!, "alice", "bob");
            await WellAgainAsync(world);
            Assert.Equal(Lab.Grant, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token));
            Assert.Equal(Lab.Grant, await lab.WealthAsync(world["bob"], world.StartBlock, world.Token));
        }
        finally
        {
            await lab.DisposeAsync();
        }
    }

    private static async Task<string> ComplaintAsync(World world)
    {
        var complaint = string.Empty;
        await Wait.UntilAsync(async () => (complaint = (await ChainAsync(world)).GetProperty("lastError").GetString()!).Length > 0, world.Token);
        return complaint;
    }

    private static Task WellAgainAsync(World world) => Wait.UntilAsync(
        async () =>
        {
            var chain = await ChainAsync(world);
            return chain.GetProperty("connected").GetBoolean() && chain.GetProperty("lastError").GetString() == string.Empty;
        },
        world.Token);

    private static async Task<JsonElement> ChainAsync(World world) =>
        (await world["alice"].CallAsync("get_node_statistics", null, null, world.Token)).GetProperty("chain");

    private static Task WaitsForChainAsync(World world, string objective) => Wait.UntilAsync(
        async () => await world.ObjectiveAsync("alice", objective) is { } told && told.GetProperty("WaitingFor").GetString() is "WaitingForChain" or "WaitingForWithdraw",
        world.Token);
}
