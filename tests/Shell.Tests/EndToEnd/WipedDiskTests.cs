using System.Globalization;
using System.Numerics;
using Nitro.Cli;
using Nitro.Cli.Demo;
using Nitro.Cli.Rpc;
using Nitro.FakeEventStore;
using Nitro.Shell.Tests.Signing;
using Xunit;
using Xunit.Abstractions;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>
/// The demo's story, from the first ledger to the last payout, on a node whose disk is wiped at ten random points of it and brought back from
/// its replica each time: the story ends as it would have, to the wei.
/// </summary>
public sealed class WipedDiskTests(Lab lab, ITestOutputHelper output) : IClassFixture<Lab>
{
    private const int Payments = 6;
    private static readonly string[] Way = ["alice", "irene", "bob"];

    [Theory]
    [InlineData(7, false)]
    [InlineData(3, true)]
    public async Task TheStoryEndsAsItWouldHaveWhereverTheDiskIsLost(int wipes, bool isReplicaOnServer)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("NITRO_WIPE_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next(1_000_000);
        output.WriteLine($"NITRO_WIPE_SEED={seed}");
        await using var cluster = await FakeCluster.StartAsync();
        await using var world = await World.BuildAsync(lab, TimeSpan.FromSeconds(300), Way);
        world.WithoutKeys("alice");
        world.Config["journalReplica"] = isReplicaOnServer ? cluster.ConnectionString : $"sqlite:{Path.Combine(Path.GetDirectoryName(world.ConfigFile)!, "other-disk")}";
        await using var signer = world.StartSigner("alice");
        string[] from = isReplicaOnServer ? ["--from", $"{cluster.ConnectionString}#{world["alice"].AddressText.ToLowerInvariant()}"] : [];
        var held = await lab.HeldAsync(world.Token);
        await using var node = await KilledNode.StartAsync(world, seed, wipes, () => WipeAsync(world, from));
        var paid = BigInteger.Zero;
        var round = 0;
        for (; node.KillsLeft > 0 || round == 0; round++)
        {
            paid += await PlayAsync(world, node, round);
        }

        await node.EndAsync();
        output.WriteLine($"{round} rounds");
        Assert.Equal(("alice", seed, Lab.Grant - paid), ("alice", seed, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token)));
        Assert.Equal(("irene", seed, Lab.Grant), ("irene", seed, await lab.WealthAsync(world["irene"], world.StartBlock, world.Token)));
        Assert.Equal(("bob", seed, Lab.Grant + paid), ("bob", seed, await lab.WealthAsync(world["bob"], world.StartBlock, world.Token)));
        Assert.Equal(held, await lab.HeldAsync(world.Token));
    }

    /// <summary>The disk with everything of alice's but what her signer has on another machine, and back from the replica.</summary>
    private static async Task WipeAsync(World world, string[] from)
    {
        Directory.Delete(world.FolderOf(world["alice"]), recursive: true);
        await using var restore = NodeProcess.Start(["restore", "--config", world.ConfigFile, "--tenant", "alice", .. from]);
        var code = await restore.EndAsync(world.Token);
        var isNothingThereYet = code != 0 && (restore.Error.Contains("There is no journal", StringComparison.Ordinal) || restore.Error.Contains("has no record", StringComparison.Ordinal));
        Assert.True(code == 0 || isNothingThereYet, restore.Error);
    }

    /// <summary>Opens ledgers and a channel through the hub, pays, closes all; what alice paid to bob.</summary>
    private static async Task<BigInteger> PlayAsync(World world, KilledNode node, int round)
    {
        var ledgers = await Task.WhenAll(OpenLedgerAsync(world, node, "alice", "irene", round), OpenLedgerAsync(world, node, "irene", "bob", round));
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
        for (var i = 0; i < Payments; i++)
        {
            var amount = 1_000 + (100 * round) + i;
            await node.AskAsync(world["alice"], "pay", json => PaymentPlan.Write(json, channel.Channel, amount), RequestId(round, $"pay-{i}"));
            sum += amount;
        }

        await CloseAsync(world, node, "close_payment_channel", "alice", channel.Channel, RequestId(round, "close-channel"), Way);
        await Task.WhenAll(
            CloseAsync(world, node, "close_ledger_channel", "alice", ledgers[0], RequestId(round, "close-left"), "alice", "irene"),
            CloseAsync(world, node, "close_ledger_channel", "bob", ledgers[1], RequestId(round, "close-right"), "irene", "bob"));
        return sum;
    }

    private static async Task<string> OpenLedgerAsync(World world, KilledNode node, string left, string right, int round)
    {
        var ledger = Opening.From(await node.AskAsync(
            world[left],
            "create_ledger_channel",
            json => json.WriteOpening(world[left].AddressText, world[right].AddressText, Payload.Native, Amounts.Ether / 2, Amounts.Ether / 2, 0),
            RequestId(round, $"ledger-{left}")));
        await node.CompletedAsync(ledger.Objective, left, right);
        return ledger.Channel;
    }

    private static async Task CloseAsync(World world, KilledNode node, string method, string closer, string channel, string requestId, params string[] parties)
    {
        var objective = await node.AskAsync(world[closer], method, json => json.WriteString("ChannelId", channel), requestId);
        await node.CompletedAsync(objective.GetString()!, parties);
    }

    private static string RequestId(int round, string what) => string.Create(CultureInfo.InvariantCulture, $"wiped-round-{round:D3}-{what}");
}
