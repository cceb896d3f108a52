using Nitro.Cli.Demo;
using Microsoft.Extensions.Logging;
using Nitro.Host.Link;
using Nitro.Shell.Tests.Host;
using Xunit;

namespace Nitro.Shell.Tests.Network;

/// <summary>Whole nodes that reach each other over TCP alone.</summary>
public sealed class TcpNodesTests : IDisposable
{
    private const int Alice = 1;
    private const int Irene = 2;
    private const int Bob = 3;
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));
    private readonly Neighbours _neighbours = new();
    private readonly int[] _ports = FreePorts.Take(5);

    private CancellationToken Limit => _limit.Token;

    [Fact]
    public async Task Two_that_know_each_others_place_open_a_ledger_channel_and_tell_what_they_carried()
    {
        await using var bob = await _neighbours.StartAsync(Bob, Neighbours.Listening(_ports[1]));
        await using var alice = await _neighbours.StartAsync(Alice, Nowhere + "," + Neighbours.Knowing(Bob, $"\"at\":\"{Neighbours.Place(Bob, _ports[1])}\""));

        await Neighbours.LedgerAsync(alice, bob, 100, 100);

        var (his, hers) = (bob.Tenant.Statistics.Network, alice.Tenant.Statistics.Network);
        Assert.Equal([Neighbours.Place(Bob, _ports[1])], his.Addresses);
        Assert.Empty(hers.Addresses);
        Assert.Equal((1, 1), (his.Peers, hers.Peers));
        Assert.True(his.BytesSent > 0 && his.BytesReceived > 0 && hers.BytesSent > 0);
        var told = (await bob.CallAsync("get_node_statistics", "")).GetProperty("network");
        Assert.Equal(Neighbours.Place(Bob, _ports[1]), told.GetProperty("addresses")[0].GetString());
        Assert.Equal(1, told.GetProperty("peers").GetInt32());
    }

    [Fact]
    public async Task Three_of_whom_two_know_only_the_third_pay_each_other_and_a_restart_loses_nothing()
    {
        await using var irene = await _neighbours.StartAsync(Irene, Neighbours.Listening(_ports[0]));
        await using var first = await _neighbours.StartAsync(Bob, Neighbours.Listening(_ports[1], Neighbours.Place(Irene, _ports[0])));
        await using var alice = await _neighbours.StartAsync(Alice, Neighbours.Listening(_ports[2], Neighbours.Place(Irene, _ports[0]), Absent));
        await Neighbours.LedgerAsync(alice, irene, 1000, 1000);
        await Neighbours.LedgerAsync(irene, first, 1000, 1000);
        var channel = await Neighbours.PaymentsAsync(alice, irene, first, 500);
        await Neighbours.PayAsync(alice, channel, 3);
        await Neighbours.PaidAsync(first, channel, 3, Limit);

        await first.DisposeAsync();
        await Neighbours.PayAsync(alice, channel, 4);
        await Neighbours.PayAsync(alice, channel, 5);
        await using var bob = await first.RestartAsync();

        await Neighbours.PaidAsync(bob, channel, 12, Limit);
        Assert.Equal(2, irene.Tenant.Statistics.Network.Peers);
    }

    [Fact]
    public async Task What_is_paid_while_the_link_is_cut_arrives_when_it_is_healed()
    {
        await using var toBob = Relay.Between(_ports[4], _ports[1]);
        await using var irene = await _neighbours.StartAsync(Irene, Neighbours.Listening(_ports[0]));
        await using var bob = await _neighbours.StartAsync(
            Bob,
            $$""" "network":{"listen":["127.0.0.1:{{_ports[1]}}"],"announce":["/ip4/127.0.0.1/tcp/{{toBob.Port}}"],"bootPeers":["{{Neighbours.Place(Irene, _ports[0])}}"]} """);
        await using var alice = await _neighbours.StartAsync(Alice, $$""" "network":{"listen":[],"bootPeers":["{{Neighbours.Place(Irene, _ports[0])}}"]} """);
        await Neighbours.LedgerAsync(alice, irene, 1000, 1000);
        await Neighbours.LedgerAsync(irene, bob, 1000, 1000);
        var channel = await Neighbours.PaymentsAsync(alice, irene, bob, 500);
        Assert.Equal(1, toBob.Connections);

        await toBob.CutAsync();
        await Neighbours.ConnectedAsync(alice, 1, Limit);
        await Neighbours.PayAsync(alice, channel, 7);
        await Neighbours.PayAsync(alice, channel, 8);
        toBob.Heal();

        await Neighbours.PaidAsync(bob, channel, 15, Limit);
        Assert.True(toBob.Connections > 1);
    }

    [Fact]
    public async Task Two_that_take_each_other_for_go_nitro_open_a_ledger_channel_over_the_old_protocol()
    {
        await using var bob = await _neighbours.StartAsync(Bob, Neighbours.Listening(_ports[1]) + "," + Neighbours.Knowing(Alice, "\"dialect\":\"go-nitro\""));
        await using var alice = await _neighbours.StartAsync(
            Alice, Nowhere + "," + Neighbours.Knowing(Bob, $"\"dialect\":\"go-nitro\",\"at\":\"{Neighbours.Place(Bob, _ports[1])}\""));

        await Neighbours.LedgerAsync(alice, bob, 100, 100);

        Assert.Equal(0, bob.Tenant.Statistics.Network.HeldBack);
    }

    [Fact]
    public async Task A_taken_port_is_named_with_the_setting()
    {
        await using var bob = await _neighbours.StartAsync(Bob, Neighbours.Listening(_ports[1]));

        var refusal = await Assert.ThrowsAsync<IOException>(() => _neighbours.StartAsync(Alice, Neighbours.Listening(_ports[1])));

        Assert.Contains("network.listen", refusal.Message);
        Assert.Contains($"another process listens at /ip4/127.0.0.1/tcp/{_ports[1]} already", refusal.Message);
    }

    [Fact]
    public async Task Who_has_no_signature_yet_is_not_reached_and_reaches_nobody_until_it_has()
    {
        var keys = new LateKeys(TestKeys.Key(Bob));
        var plan = Neighbours.Plan(Neighbours.Listening(_ports[1]));
        await using var late = await NetworkLink.OpenAsync(plan, keys, _neighbours.World.Loggers.CreateLogger("late"), TimeProvider.System, Limit);
        await using var alice = await _neighbours.StartAsync(Alice, Nowhere + "," + Neighbours.Knowing(Bob, $"\"at\":\"{Neighbours.Place(Bob, _ports[1])}\""));
        Assert.Equal(Ports.PeerAnswer.Unreachable, await late.SendAsync(new byte[20], new byte[1], Limit));
        Assert.Empty(late.Health.Addresses);

        keys.Come();

        await Neighbours.ConnectedAsync(alice, 1, Limit);
        Assert.Equal([Neighbours.Place(Bob, _ports[1])], late.Health.Addresses);
    }

    public void Dispose()
    {
        _neighbours.Dispose();
        _limit.Dispose();
    }

    private static string Nowhere => """ "network":{"listen":[]} """;

    // A boot peer that never comes, on a port that nobody has.
    private string Absent => Neighbours.Place(9, _ports[3]);
}
