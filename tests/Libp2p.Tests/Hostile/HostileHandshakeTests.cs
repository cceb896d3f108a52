using System.Net.Sockets;
using System.Text;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Tests.Hosts;
using Xunit;

namespace Nitro.Libp2p.Tests.Hostile;

/// <summary>Strangers who do not finish, or not honestly, what comes before the first stream.</summary>
public sealed class HostileHandshakeTests : IDisposable
{
    private static readonly byte[] Opening = Encoding.ASCII.GetBytes("\x13/multistream/1.0.0\n\x07/noise\n");

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    private CancellationToken Limit => _limit.Token;

    public static TheoryData<string, byte[]> Dawdlers()
    {
        return new TheoryData<string, byte[]>
        {
            { "nothing", [] },
            { "half a token", Opening[..7] },
            { "a header alone", Opening[..20] },
            { "no handshake", Opening },
            { "half a handshake message", [.. Opening, 0, 32, 1, 2, 3] },
            { "one message of three", [.. Opening, 0, 32, .. Enumerable.Repeat((byte)9, 32)] },
        };
    }

    public static TheoryData<string, byte[]> Liars()
    {
        return new TheoryData<string, byte[]>
        {
            { "HTTP", Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: example\r\n\r\n" + new string('x', 100)) },
            { "a token too long", [.. Opening[..20], 0x81, 0x08] },
            { "a length that never ends", [.. Enumerable.Repeat((byte)0xff, 30)] },
            { "a handshake message too long", [.. Opening, 0xff, 0xff] },
            { "a handshake message too short", [.. Opening, 0, 31, .. new byte[31]] },
            { "a key without order", [.. Opening, 0, 32, .. new byte[32]] },
            { "sixty-five unknown protocols", [.. Opening[..20], .. Enumerable.Repeat("\x03xy\n"u8.ToArray(), 65).SelectMany(one => one)] },
        };
    }

    public void Dispose() => _limit.Dispose();

    [Theory]
    [MemberData(nameof(Dawdlers))]
    public async Task Who_dawdles_is_cut_when_the_time_is_over(string phase, byte[] opening)
    {
        await using var host = await TestHost.StartAsync(Limit, new SwarmOptions { UpgradeTimeout = TimeSpan.FromMilliseconds(300) });
        await using var wire = await ConnectAsync(host);
        await wire.WriteAsync(opening, Limit);

        await DrainAsync(wire);

        await Eventually.BecomesAsync(() => host.Swarm.PendingUpgradeCount == 0 && host.Swarm.Connections.Count == 0, phase, Limit);
    }

    [Theory]
    [MemberData(nameof(Liars))]
    public async Task Who_says_what_is_not_allowed_is_cut_at_once(string lie, byte[] bytes)
    {
        await using var host = await TestHost.StartAsync(Limit, new SwarmOptions { UpgradeTimeout = TimeSpan.FromMinutes(10) });
        await using var wire = await ConnectAsync(host);
        try
        {
            await wire.WriteAsync(bytes, Limit);
        }
        catch (IOException)
        {
            // Cut before all of it was said.
        }

        await DrainAsync(wire);

        await Eventually.BecomesAsync(() => host.Swarm.PendingUpgradeCount == 0, lie, Limit);
    }

    [Fact]
    public async Task Five_hundred_half_finished_handshakes_hold_nobody_up()
    {
        var options = new SwarmOptions { UpgradeTimeout = TimeSpan.FromMinutes(10), MaxPendingUpgrades = 64, MaxPendingUpgradesPerSource = 64 };
        await using var host = await TestHost.StartAsync(Limit, options);
        await using var honest = await TestHost.StartAsync(Limit);
        var before = await honest.DialAsync(host, Limit);
        var idlers = new List<NetworkStream>();
        for (var i = 0; i < 500; i++)
        {
            try
            {
                var wire = await ConnectAsync(host);
                idlers.Add(wire);
                await wire.WriteAsync(Opening.AsMemory(0, i % Opening.Length), Limit);
            }
            catch (IOException)
            {
                // Made room for another already.
            }
        }

        await Eventually.BecomesAsync(() => host.Swarm.PendingUpgradeCount == 64, "the bound", Limit);
        await HostTests.EchoAsync(before, 100_000, Limit);
        await using var late = await TestHost.StartAsync(Limit);
        await HostTests.EchoAsync(await late.DialAsync(host, Limit), 100_000, Limit);
        Assert.InRange(host.Swarm.PendingUpgradeCount, 0, 64);
        foreach (var idler in idlers)
        {
            await idler.DisposeAsync();
        }

        await Eventually.BecomesAsync(() => host.Swarm.PendingUpgradeCount == 0, "no handshake left", Limit);
    }

    [Fact]
    public async Task One_network_address_has_no_more_half_finished_handshakes_than_its_share()
    {
        var options = new SwarmOptions { UpgradeTimeout = TimeSpan.FromMinutes(10), MaxPendingUpgradesPerSource = 3 };
        await using var host = await TestHost.StartAsync(Limit, options);
        await using var oldest = await ConnectAsync(host);
        await Eventually.BecomesAsync(() => host.Swarm.PendingUpgradeCount == 1, "the oldest", Limit);
        await using var second = await ConnectAsync(host);
        await using var third = await ConnectAsync(host);
        await using var fourth = await ConnectAsync(host);

        await DrainAsync(oldest);

        Assert.Equal(3, host.Swarm.PendingUpgradeCount);
    }

    [Fact]
    public async Task A_network_address_that_finishes_no_handshake_is_not_listened_to_until_the_minute_is_over()
    {
        await using var host = await TestHost.StartAsync(Limit, new SwarmOptions { MaxFailedUpgradesPerMinute = 2 });
        await using var honest = await TestHost.StartAsync(Limit);
        for (var i = 0; i < 2; i++)
        {
            await using var wire = await ConnectAsync(host);
            await wire.WriteAsync("GET / HTTP/1.1\r\nHost: example\r\n\r\n"u8.ToArray(), Limit);
            await DrainAsync(wire);
        }

        await Eventually.BecomesAsync(() => host.Swarm.PendingUpgradeCount == 0, "both failures", Limit);
        var refusal = await Assert.ThrowsAsync<Libp2pException>(() => honest.DialAsync(host, Limit));

        Assert.Equal(Libp2pError.Disconnected, refusal.Error);
    }

    [Fact]
    public async Task There_are_no_more_connections_than_allowed_and_a_protected_peer_gets_one_still()
    {
        await using var host = await TestHost.StartAsync(Limit, new SwarmOptions { MaxConnections = 3 });
        await using var friend = await TestHost.StartAsync(Limit);
        host.Swarm.Protect(friend.Peer);
        var strangers = new List<TestHost>();
        for (var i = 0; i < 6; i++)
        {
            var stranger = await TestHost.StartAsync(Limit);
            strangers.Add(stranger);
            await Record.ExceptionAsync(() => stranger.DialAsync(host, Limit));
        }

        await Eventually.BecomesAsync(() => host.Swarm.Connections.Count == 3, "the bound", Limit);
        await HostTests.EchoAsync(await friend.DialAsync(host, Limit), 1000, Limit);

        Assert.NotNull(host.Swarm.Find(friend.Peer));
        await Eventually.BecomesAsync(() => host.Swarm.Connections.Count == 3, "the bound again", Limit);
        foreach (var stranger in strangers)
        {
            await stranger.DisposeAsync();
        }
    }

    private async Task<NetworkStream> ConnectAsync(TestHost host) =>
        new(await TcpTransport.DialAsync(host.Address, TimeSpan.FromSeconds(30), Limit), ownsSocket: true);

    private async Task DrainAsync(NetworkStream wire)
    {
        var buffer = new byte[4096];
        try
        {
            while (await wire.ReadAsync(buffer, Limit) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
    }
}
