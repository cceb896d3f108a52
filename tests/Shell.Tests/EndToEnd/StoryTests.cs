using System.Numerics;
using System.Text.Json.Nodes;
using Nitro.Cli;
using Nitro.JsonRpc;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>Whole nodes on a real chain: what parties can do with each other, and what they refuse.</summary>
public sealed class StoryTests(Lab lab) : IClassFixture<Lab>
{
    private static readonly BigInteger Deposit = Amounts.Ether;

    [Fact]
    public async Task FivePartiesPayThroughThreeAndAHubCloses()
    {
        string[] way = ["alice", "hub1", "hub2", "hub3", "bob"];
        await using var world = await World.BuildAsync(lab, way);
        await world.StartAsync();
        var held = await lab.HeldAsync(world.Token);
        var ledgers = await Task.WhenAll(way.Zip(way.Skip(1), (left, right) => world.OpenLedgerAsync(left, right, Deposit, Deposit)));
        Assert.Equal(held + (8 * Deposit), await lab.HeldAsync(world.Token));

        var channel = await world.OpenPaymentsAsync(way, Deposit / 2);
        await Task.WhenAll(Enumerable.Range(1, 20).Select(amount => world.PayAsync("alice", channel, amount)));
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 210, world.Token);
        await world.ClosePaymentsAsync("hub2", channel, way);
        await Task.WhenAll(ledgers.Select((ledger, i) => world.CloseLedgerAsync(way[i + 1], ledger, way[i], way[i + 1])));

        foreach (var name in way)
        {
            var earned = name == "alice" ? -210 : name == "bob" ? 210 : 0;
            Assert.Equal((name, Lab.Grant + earned), (name, await lab.WealthAsync(world[name], world.StartBlock, world.Token)));
        }

        Assert.Equal(held, await lab.HeldAsync(world.Token));
    }

    [Fact]
    public async Task TokensArePaidAndPaidOut()
    {
        await using var world = await World.BuildAsync(lab, "alice", "irene", "bob");
        world.Config["policy"]!["maxUnenforceable"] = new JsonObject { [lab.Token] = "500" };
        await world.StartAsync();
        var ledgers = await Task.WhenAll(
            world.OpenLedgerAsync("alice", "irene", 400, 300, lab.Token), world.OpenLedgerAsync("irene", "bob", 300, 200, lab.Token));
        var channel = await world.OpenPaymentsAsync(["alice", "irene", "bob"], 250, lab.Token);
        await world.PayAsync("alice", channel, 41);
        await world.PayAsync("alice", channel, 1);
        await world.ClosePaymentsAsync("bob", channel, "alice", "irene", "bob");
        await Task.WhenAll(world.CloseLedgerAsync("alice", ledgers[0], "alice", "irene"), world.CloseLedgerAsync("bob", ledgers[1], "irene", "bob"));

        Assert.Equal(400 - 42, await lab.TokensAsync(world["alice"].Address, world.Token));
        Assert.Equal(600, await lab.TokensAsync(world["irene"].Address, world.Token));
        Assert.Equal(200 + 42, await lab.TokensAsync(world["bob"].Address, world.Token));
        Assert.Equal(Lab.TokenGrant - 600, await lab.TokensAsync(world["irene"].ChainAccount, world.Token));
    }

    [Fact]
    public async Task TokenPaymentsNeedThePolicysLeave()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        world.Tenant("alice")["policy"] = new JsonObject { ["maxUnenforceable"] = new JsonObject { ["*"] = "100" } };
        await world.StartAsync();
        await world.OpenLedgerAsync("alice", "bob", 50, 50, lab.Token);
        var opening = await world.ProposePaymentsAsync(["alice", "bob"], 30, lab.Token);

        var rejected = await world.ReachesAsync("alice", opening.Objective, "Rejected");

        Assert.NotEqual(string.Empty, rejected.GetProperty("Reason").GetString());
        Assert.Contains("unenforceable", (await world.ReachesAsync("bob", opening.Objective, "Rejected")).GetProperty("Reason").GetString());
        await world.OpenLedgerAsync("bob", "alice", 1, 1);
    }

    [Theory]
    [InlineData("denyPeers", "policy-peer-denied")]
    [InlineData("largestAmount", "policy-amount-too-large")]
    public async Task WhatThePolicyRefusesEndsAtBothWithAReason(string rule, string reason)
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        JsonNode value = rule == "denyPeers" ? new JsonArray(world["alice"].AddressText) : new JsonObject { ["*"] = "1000" };
        world.Tenant("bob")["policy"] = new JsonObject { [rule] = value };
        await world.StartAsync();
        var opening = await world.ProposeLedgerAsync("alice", "bob", 10, 1001);

        Assert.Equal(reason, (await world.ReachesAsync("bob", opening.Objective, "Rejected")).GetProperty("Reason").GetString());
        Assert.NotEqual(string.Empty, (await world.ReachesAsync("alice", opening.Objective, "Rejected")).GetProperty("Reason").GetString());
        Assert.Equal(Lab.Grant, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token));
    }

    [Fact]
    public async Task TheOperatorApprovesOneAndRejectsAnother()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        world.Tenant("bob")["policy"] = new JsonObject { ["mode"] = "manual" };
        await world.StartAsync();
        var wanted = await world.ProposeLedgerAsync("alice", "bob", Deposit, 0);
        await WaitsForApprovalAsync(world, wanted);
        await world["bob"].CallAsync("approve_objective", json => json.WriteString("Id", wanted.Objective), null, world.Token);
        await world.CompletedAsync(wanted.Objective, "alice", "bob");

        var unwanted = await world.ProposePaymentsAsync(["alice", "bob"], 5);
        await WaitsForApprovalAsync(world, unwanted);
        await world["bob"].CallAsync(
            "reject_objective",
            json =>
            {
                json.WriteString("Id", unwanted.Objective);
                json.WriteString("Reason", "not today");
            },
            null,
            world.Token);
        Assert.Contains("not today", (await world.ReachesAsync("bob", unwanted.Objective, "Rejected")).GetProperty("Reason").GetString());
        await world.ReachesAsync("alice", unwanted.Objective, "Rejected");

        var late = await Assert.ThrowsAsync<RpcError>(
            () => world["bob"].CallAsync("approve_objective", json => json.WriteString("Id", unwanted.Objective), null, world.Token));
        Assert.False(string.IsNullOrEmpty(late.Next));
        Assert.Equal(("Open", Deposit, BigInteger.Zero), await world.LedgerAsync("alice", wanted.Channel));
    }

    private static Task WaitsForApprovalAsync(World world, Opening opening) => Wait.UntilAsync(
        async () => await world.ObjectiveAsync("bob", opening.Objective) is { } told && told.GetProperty("WaitingFor").GetString() == "WaitingForApproval",
        world.Token);
}
