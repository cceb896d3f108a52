using System.Globalization;
using System.Numerics;
using Nitro.Cli;
using Nitro.Cli.Demo;
using Nitro.Cli.Rpc;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>SIGKILL at random points of the story, ten times: whatever was answered counts once, and every wei is where it belongs.</summary>
public sealed class KillTests(Lab lab) : IClassFixture<Lab>
{
    private const int Kills = 10;
    private const int PaymentsPerRound = 8;
    private static readonly string[] Way = ["alice", "irene", "bob"];

    [Fact]
    public async Task TenKillsLoseAndDoubleNothing()
    {
        await using var world = await World.BuildAsync(lab, Way);
        var held = await lab.HeldAsync(world.Token);
        await using var victim = await KilledNode.StartAsync(world, seed: 20_240_601, Kills);
        var paid = BigInteger.Zero;
        var round = 0;
        while (victim.KillsLeft > 0 || round == 0)
        {
            paid += await PlayAsync(world, victim, round++);
        }

        await victim.EndAsync();
        Assert.Equal(("alice", Lab.Grant - paid), ("alice", await lab.WealthAsync(world["alice"], world.StartBlock, world.Token)));
        Assert.Equal(("irene", Lab.Grant), ("irene", await lab.WealthAsync(world["irene"], world.StartBlock, world.Token)));
        Assert.Equal(("bob", Lab.Grant + paid), ("bob", await lab.WealthAsync(world["bob"], world.StartBlock, world.Token)));
        Assert.Equal(held, await lab.HeldAsync(world.Token));
    }

    /// <summary>Opens, pays and closes everything once; what alice paid to bob.</summary>
    private static async Task<BigInteger> PlayAsync(World world, KilledNode node, int round)
    {
        var ledgers = await Task.WhenAll(LedgerAsync(world, node, round, 0), LedgerAsync(world, node, round, 1));
        var channel = Opening.From(await node.AskAsync(
            world["alice"],
            "create_payment_channel",
            json =>
            {
                PaymentMethods.WriteIntermediaries(json, [world["irene"].AddressText]);
                json.WriteOpening(world["alice"].AddressText, world["bob"].AddressText, Payload.Native, Amounts.Ether / 10, BigInteger.Zero, 0);
            },
            RequestId(round, "channel")));
        await node.CompletedAsync(channel.Objective, Way);

        var sum = BigInteger.Zero;
        for (var i = 0; i < PaymentsPerRound; i++)
        {
            var amount = 1_000 + (100 * round) + i;
            await node.AskAsync(world["alice"], "pay", json => PaymentPlan.Write(json, channel.Channel, amount), RequestId(round, $"pay-{i}"));
            sum += amount;
        }

        await CloseAsync(world, node, "close_payment_channel", "bob", channel.Channel, RequestId(round, "close-channel"), Way);
        await Task.WhenAll(
            CloseAsync(world, node, "close_ledger_channel", "alice", ledgers[0], RequestId(round, "close-0"), Way[..2]),
            CloseAsync(world, node, "close_ledger_channel", "irene", ledgers[1], RequestId(round, "close-1"), Way[1..]));
        return sum;
    }

    private static async Task<string> LedgerAsync(World world, KilledNode node, int round, int left)
    {
        var (me, them) = (world[Way[left]], world[Way[left + 1]]);
        var opening = Opening.From(await node.AskAsync(
            me,
            "create_ledger_channel",
            json => json.WriteOpening(me.AddressText, them.AddressText, Payload.Native, Amounts.Ether / 2, Amounts.Ether / 4, 0),
            RequestId(round, $"ledger-{left}")));
        await node.CompletedAsync(opening.Objective, Way[left], Way[left + 1]);
        return opening.Channel;
    }

    private static async Task CloseAsync(World world, KilledNode node, string method, string closer, string channel, string requestId, string[] parties)
    {
        var objective = await node.AskAsync(world[closer], method, json => json.WriteString("ChannelId", channel), requestId);
        await node.CompletedAsync(objective.GetString()!, parties);
    }

    private static string RequestId(int round, string what) => string.Create(CultureInfo.InvariantCulture, $"killed-round-{round:D3}-{what}");
}
