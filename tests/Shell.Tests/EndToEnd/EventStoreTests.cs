using System.Globalization;
using System.Numerics;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nitro.Cli;
using Nitro.Cli.Demo;
using Nitro.Cli.Rpc;
using Nitro.EventStore;
using Nitro.EventStore.Connection;
using Nitro.FakeEventStore;
using Nitro.Ports;
using Nitro.Shell.Tests.Grpc;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>Whole nodes whose journals are on a cluster of EventStoreDB, by TLS and with a password, while that cluster fails in every way it can.</summary>
public sealed class EventStoreTests(Lab lab) : IClassFixture<Lab>, IAsyncLifetime
{
    private const string Password = "sesame-of-the-store";
    private const int Kills = 3;
    private const int PaymentsPerRound = 6;
    private static readonly string[] Both = ["alice", "bob"];
    private static readonly Fault[] Faults = [Fault.Cut, Fault.NotReady, Fault.TimedOut];

    private readonly TestAuthority authority = new();
    private readonly Random random = new(20_240_602);
    private FakeCluster cluster = null!;
    private int troubles;
    private int leaders;

    public async Task InitializeAsync()
    {
        cluster = await FakeCluster.StartAsync(3, new HttpsConnectionAdapterOptions { ServerCertificate = authority.Server });
        (cluster.User, cluster.Password) = ("nitro", Password);
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        authority.Dispose();
    }

    [Fact]
    public async Task KillsLostAnswersAndNewLeadersLoseAndDoubleNothing()
    {
        await using var world = await BuildAsync();
        var held = await lab.HeldAsync(world.Token);
        cluster.Faults = Choose;
        await using var node = await KilledNode.StartAsync(world, seed: 20_240_603, Kills);
        var paid = BigInteger.Zero;
        for (var round = 0; node.KillsLeft > 0 || round == 0; round++)
        {
            paid += await PlayAsync(world, node, round);
        }

        await node.EndAsync();
        Assert.Equal(("alice", Lab.Grant - paid), ("alice", await lab.WealthAsync(world["alice"], world.StartBlock, world.Token)));
        Assert.Equal(("bob", Lab.Grant + paid), ("bob", await lab.WealthAsync(world["bob"], world.StartBlock, world.Token)));
        Assert.Equal(held, await lab.HeldAsync(world.Token));
        Assert.True(troubles >= 5 && leaders >= 2, $"{troubles} troubles, {leaders} leaders");
        Assert.False(File.Exists(Path.Combine(world.FolderOf(world["alice"]), "journal.db")));
        Assert.DoesNotContain(Password, world.Process!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherWriterStopsTheTenantWhichSaysWhoThatIs()
    {
        await using var world = await BuildAsync();
        var node = await world.StartProcessAsync(null, "--log-level", "trace");
        await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, 0);
        var options = new EventStoreJournalOptions
        {
            Settings = EventStoreSettings.Parse((string)world.Config["journal"]!), Owner = world["alice"].AddressText.ToLowerInvariant(),
        };
        await using (var other = await EventStoreJournal.OpenAsync(options, world.Token))
        {
            Assert.True(other.Next > 0);
            await other.AppendAsync(other.Next, [new JournalEntry(1, "Strange", 1, ReadOnlyMemory<byte>.Empty)], world.Token);
        }

        await Assert.ThrowsAnyAsync<Exception>(() => world.OpenPaymentsAsync(Both, 1_000));
        await Wait.UntilAsync(() => node.Error.Contains("Tenant alice STOPPED", StringComparison.Ordinal), world.Token);
        Assert.Contains($"another writer lives ({Environment.MachineName}/{Environment.ProcessId}/", node.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Tenant bob STOPPED", node.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, node.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStoreThatIsNotThereIsTold()
    {
        await using var world = await BuildAsync();
        world.Config["journal"] = $"esdb://nitro:{Password}@localhost:{cluster.Nodes[0].Port}?tlsCaFile={authority.Folder}/none.pem";
        world.WriteConfig();
        await using var node = NodeProcess.Start(["node", "--config", world.ConfigFile]);
        Assert.Equal(1, await node.EndAsync(world.Token));
        Assert.All(Both, tenant => Assert.Contains($"Tenant {tenant} cannot start: A certificate", node.Error));
        Assert.DoesNotContain("   at Nitro", node.Error);
        Assert.DoesNotContain(Password, node.Error, StringComparison.Ordinal);
    }

    private async Task<World> BuildAsync()
    {
        var world = await World.BuildAsync(lab, Both);
        world.Config["journal"] = $"{cluster.ConnectionString}&tlsCaFile={authority.Folder}/authority.pem&defaultDeadline=2000&discoveryInterval=20";
        return world;
    }

    private Fault Choose(FaultPoint point, string stream)
    {
        lock (random)
        {
            if (random.Next(60) == 0)
            {
                cluster.Elect(cluster.Nodes[random.Next(3)]);
                leaders++;
            }

            if (random.Next(point == FaultPoint.AfterAppend ? 12 : 40) != 0)
            {
                return Fault.None;
            }

            troubles++;
            return Faults[random.Next(Faults.Length)];
        }
    }

    /// <summary>Opens, pays and closes everything once; what alice paid to bob.</summary>
    private static async Task<BigInteger> PlayAsync(World world, KilledNode node, int round)
    {
        var (alice, bob) = (world["alice"], world["bob"]);
        var ledger = Opening.From(await node.AskAsync(
            alice,
            "create_ledger_channel",
            json => json.WriteOpening(alice.AddressText, bob.AddressText, Payload.Native, Amounts.Ether / 2, Amounts.Ether / 4, 0),
            RequestId(round, "ledger")));
        await node.CompletedAsync(ledger.Objective, Both);
        var channel = Opening.From(await node.AskAsync(
            alice,
            "create_payment_channel",
            json =>
            {
                PaymentMethods.WriteIntermediaries(json, []);
                json.WriteOpening(alice.AddressText, bob.AddressText, Payload.Native, Amounts.Ether / 10, BigInteger.Zero, 0);
            },
            RequestId(round, "channel")));
        await node.CompletedAsync(channel.Objective, Both);

        var sum = BigInteger.Zero;
        for (var i = 0; i < PaymentsPerRound; i++)
        {
            var amount = 1_000 + (100 * round) + i;
            await node.AskAsync(alice, "pay", json => PaymentPlan.Write(json, channel.Channel, amount), RequestId(round, $"pay-{i}"));
            sum += amount;
        }

        await CloseAsync(world, node, "close_payment_channel", "bob", channel.Channel, RequestId(round, "close-channel"));
        await CloseAsync(world, node, "close_ledger_channel", "alice", ledger.Channel, RequestId(round, "close-ledger"));
        return sum;
    }

    private static async Task CloseAsync(World world, KilledNode node, string method, string closer, string channel, string requestId)
    {
        var objective = await node.AskAsync(world[closer], method, json => json.WriteString("ChannelId", channel), requestId);
        await node.CompletedAsync(objective.GetString()!, Both);
    }

    private static string RequestId(int round, string what) => string.Create(CultureInfo.InvariantCulture, $"stored-round-{round:D3}-{what}");
}
