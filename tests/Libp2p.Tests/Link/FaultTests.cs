using System.Globalization;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Tests.Hosts;
using Nitro.Ports;
using Xunit;

namespace Nitro.Libp2p.Tests.Link;

/// <summary>Two of our nodes with a bad network between them.</summary>
public sealed class FaultTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Theory]
    [InlineData(2500)]
    [InlineData(7000)]
    public async Task Connections_that_are_cut_lose_nothing_and_change_no_order(int cutAfter)
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var proxy = new FaultProxy(PortOf(bob.Host.Address)) { CutAfter = cutAfter };
        await using var alice = await LinkHost.StartAsync(Limit, options => Through(options, bob, proxy));
        var unanswered = 0;
        for (var number = 0; number < 200; number++)
        {
            while (await alice.SendAsync(bob, number.ToString("D200", CultureInfo.InvariantCulture), Limit) != PeerAnswer.Taken)
            {
                unanswered++;
            }
        }

        var received = bob.Received.Select(one => int.Parse(one.Text, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(proxy.Connections > 5, "the proxy cut hardly anything");
        Assert.Equal(Enumerable.Range(0, 200), received.Distinct());
        Assert.Equal(received.Order(), received);
        Assert.InRange(received.Length, 200, 200 + unanswered);
    }

    [Fact]
    public async Task A_network_that_passes_a_byte_at_a_time_is_slow_and_nothing_else()
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var proxy = new FaultProxy(PortOf(bob.Host.Address)) { Drip = 1 };
        await using var alice = await LinkHost.StartAsync(Limit, options => Through(options, bob, proxy));

        Assert.Equal(PeerAnswer.Taken, await alice.SendAsync(bob, new string('y', 2000), Limit));
        Assert.Equal(new string('y', 2000), bob.Received.Single().Text);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(60)]
    [InlineData(200)]
    [InlineData(900)]
    public async Task A_changed_byte_ends_the_connection_and_is_never_taken_for_content(int garble)
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var proxy = new FaultProxy(PortOf(bob.Host.Address)) { Garble = garble };
        await using var alice = await TestHost.StartAsync(Limit);

        var failure = await Record.ExceptionAsync(async () =>
        {
            var connection = await alice.Swarm.DialAsync(bob.Host.Peer, [Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{proxy.Port}")], Limit);
            while (true)
            {
                await HostTests.EchoAsync(connection, 100, Limit);
            }
        });

        Assert.IsAssignableFrom<IOException>(failure);
        Assert.False(Limit.IsCancellationRequested);
    }

    [Fact]
    public async Task A_connection_that_is_open_at_one_end_only_is_given_up_by_both()
    {
        var options = new SwarmOptions { KeepAliveInterval = TimeSpan.FromMilliseconds(200), KeepAliveTimeout = TimeSpan.FromMilliseconds(200), LingerTimeout = TimeSpan.FromMilliseconds(200) };
        await using var bob = await TestHost.StartAsync(Limit, options);
        await using var alice = await TestHost.StartAsync(Limit, options);
        await using var proxy = new FaultProxy(PortOf(bob.Address));
        var connection = await alice.Swarm.DialAsync(bob.Peer, [Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{proxy.Port}")], Limit);
        await connection.Described.WaitAsync(Limit);

        proxy.IsHalfOpen = true;

        await Eventually.BecomesAsync(() => alice.Swarm.Connections.Count == 0 && bob.Swarm.Connections.Count == 0, "both ends", Limit);
    }

    private static Libp2p.Link.LinkOptions Through(Libp2p.Link.LinkOptions options, LinkHost bob, FaultProxy proxy) => options with
    {
        Peers = new Dictionary<string, Multiaddr> { [bob.Name] = Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{proxy.Port}/p2p/{bob.Host.Peer}") },
    };

    private static int PortOf(Multiaddr address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(address.Parts[1].Value.Span);
}
