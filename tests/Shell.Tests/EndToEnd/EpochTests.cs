using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Nitro.Cli;
using Nitro.Cli.Demo;
using Nitro.Cli.Rpc;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A node that opens epochs all the time lives through payments, SIGKILLs and restarts: every wei and every answer as without them.</summary>
public sealed class EpochTests(Lab lab) : IClassFixture<Lab>
{
    private const int Kills = 5;
    private const int PaymentsPerRound = 40;
    private const string Nobody = "0x00000000000000000000000000000000000000dd";
    private static readonly string[] Way = ["alice", "irene", "bob"];

    [Fact]
    public async Task EpochsUnderKillsLoseAndDoubleNothing()
    {
        await using var world = await World.BuildAsync(lab, Way);
        world.Config["epochRecords"] = 100;
        var held = await lab.HeldAsync(world.Token);
        await using var node = await KilledNode.StartAsync(world, seed: 20_260_101, Kills);
        string[] ledgers = [await LedgerAsync(world, node, 0), await LedgerAsync(world, node, 1)];
        await node.AskAsync(
            world["alice"],
            "create_ledger_channel",
            json => json.WriteOpening(world["alice"].AddressText, Nobody, Payload.Native, 1, 1, 0),
            "epochs-ledger-nobody");
        var channel = await ChannelAsync(world, node);
        var paid = BigInteger.Zero;
        for (var round = 0; node.KillsLeft > 0 || Openings(world, "alice") < 3; round++)
        {
            paid += await PayAsync(world, node, channel, round);
        }

        await node.EndAsync();
        var first = await PayAsync(world, node, channel, round: 0);
        Assert.True(first > 0);
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == paid, world.Token);
        await CloseAsync(world, node, "close_payment_channel", "bob", channel, Way);
        await CloseAsync(world, node, "close_ledger_channel", "alice", ledgers[0], Way[..2]);
        await CloseAsync(world, node, "close_ledger_channel", "irene", ledgers[1], Way[1..]);

        Assert.Equal(("alice", Lab.Grant - paid), ("alice", await lab.WealthAsync(world["alice"], world.StartBlock, world.Token)));
        Assert.Equal(("irene", Lab.Grant), ("irene", await lab.WealthAsync(world["irene"], world.StartBlock, world.Token)));
        Assert.Equal(("bob", Lab.Grant + paid), ("bob", await lab.WealthAsync(world["bob"], world.StartBlock, world.Token)));
        Assert.Equal(held, await lab.HeldAsync(world.Token));
        Assert.All(Way, name => Assert.True(Openings(world, name) > 0, name));
        EveryEpochHasThePromiseToNobodyUnderItsFirstId(world);
    }

    private static async Task<string> LedgerAsync(World world, KilledNode node, int left)
    {
        var (me, them) = (world[Way[left]], world[Way[left + 1]]);
        var opening = Opening.From(await node.AskAsync(
            me,
            "create_ledger_channel",
            json => json.WriteOpening(me.AddressText, them.AddressText, Payload.Native, Amounts.Ether / 2, Amounts.Ether / 4, 0),
            $"epochs-ledger-{left}-0000"));
        await node.CompletedAsync(opening.Objective, Way[left], Way[left + 1]);
        return opening.Channel;
    }

    private static async Task<string> ChannelAsync(World world, KilledNode node)
    {
        var opening = Opening.From(await node.AskAsync(
            world["alice"],
            "create_payment_channel",
            json =>
            {
                PaymentMethods.WriteIntermediaries(json, [world["irene"].AddressText]);
                json.WriteOpening(world["alice"].AddressText, world["bob"].AddressText, Payload.Native, Amounts.Ether / 10, BigInteger.Zero, 0);
            },
            "epochs-channel-0000"));
        await node.CompletedAsync(opening.Objective, Way);
        return opening.Channel;
    }

    /// <summary>One round's payments, one by one so that each has records of its own; paid at most once however often the round is asked for.</summary>
    private static async Task<BigInteger> PayAsync(World world, KilledNode node, string channel, int round)
    {
        var amounts = Enumerable.Range(0, PaymentsPerRound).Select(i => (BigInteger)(1_000 + (100 * round) + i)).ToArray();
        foreach (var (i, amount) in amounts.Index())
        {
            var requestId = string.Create(CultureInfo.InvariantCulture, $"epochs-round-{round:D4}-pay-{i}");
            await node.AskAsync(world["alice"], "pay", json => PaymentPlan.Write(json, channel, amount), requestId);
        }

        return amounts.Aggregate(BigInteger.Add);
    }

    private static async Task CloseAsync(World world, KilledNode node, string method, string closer, string channel, string[] parties)
    {
        var objective = await node.AskAsync(world[closer], method, json => json.WriteString("ChannelId", channel), $"epochs-{channel[..20]}");
        await node.CompletedAsync(objective.GetString()!, parties);
    }

    private static int Openings(World world, string party) => Read(world, party, "type = 'EpochOpened'").Count;

    /// <summary>What cannot be delivered is a promise as long as the node lives, whatever else it forgets.</summary>
    private static void EveryEpochHasThePromiseToNobodyUnderItsFirstId(World world)
    {
        var promise = Assert.Single(Read(world, "alice", $"type = 'IntentRecorded' AND body LIKE '%{Nobody}%'"));
        var restated = Read(world, "alice", $"type = 'IntentRestated' AND body LIKE '%{Nobody}%'");
        Assert.Equal(Openings(world, "alice"), restated.Count);
        Assert.All(restated, record => Assert.Equal(promise.Position, record.Body.GetProperty("effect").GetInt64()));
        Assert.Empty(Read(world, "alice", $$"""type = 'IntentFinished' AND body LIKE '{"effect":{{promise.Position}},%'"""));
    }

    private static List<(long Position, JsonElement Body)> Read(World world, string party, string filter)
    {
        var found = new List<(long, JsonElement)>();
        var source = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(world.FolderOf(world[party]), "journal.db"),
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        };
        using var connection = new SqliteConnection(source.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT position, body FROM (SELECT position, type, CAST(body AS TEXT) AS body FROM record) WHERE {filter} ORDER BY position";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            found.Add((reader.GetInt64(0), JsonSerializer.Deserialize<JsonElement>(reader.GetString(1))));
        }

        return found;
    }
}
