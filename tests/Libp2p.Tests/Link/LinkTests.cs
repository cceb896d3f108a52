using Microsoft.Extensions.Logging;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Tests.Hosts;
using Nitro.Libp2p.Tests.Js;
using Nitro.Ports;
using Xunit;

namespace Nitro.Libp2p.Tests.Link;

public sealed class LinkTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task A_peer_is_found_by_its_address_alone_through_one_that_both_know()
    {
        await using var irene = await LinkHost.StartAsync(Limit);
        await using var alice = await LinkHost.StartAsync(Limit, options => options with { BootPeers = [irene.Where] });
        await using var bob = await LinkHost.StartAsync(Limit, options => options with { BootPeers = [irene.Where] });
        await Eventually.BecomesAsync(() => irene.Seen.Count == 2, "both at Irene's", Limit);

        await UntilTakenAsync(() => alice.SendAsync(bob, "{\"a\":1}", Limit));
        await UntilTakenAsync(() => bob.SendAsync(alice, "{\"b\":2}", Limit));

        Assert.Equal([(alice.Name, "{\"a\":1}")], bob.Received);
        Assert.Equal([(bob.Name, "{\"b\":2}")], alice.Received);
        Assert.Contains(bob.Name, alice.Seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_answer_of_the_receiver_reaches_the_sender_as_far_as_the_protocol_tells(bool isGoNitro)
    {
        await using var bob = await LinkHost.StartAsync(Limit, options => options with { MaxHeldBackMessages = 0 });
        await using var alice = await LinkHost.StartAsync(Limit, options => options with
        {
            Peers = new Dictionary<string, Addresses.Multiaddr> { [bob.Name] = bob.Where },
            GoNitroPeers = isGoNitro ? new HashSet<string> { bob.Name } : [],
        });

        Assert.Equal(PeerAnswer.Taken, await alice.SendAsync(bob, "1", Limit));
        bob.Answer = () => PeerAnswer.Busy;
        Assert.Equal(isGoNitro ? PeerAnswer.Unreachable : PeerAnswer.Busy, await alice.SendAsync(bob, "2", Limit));
        bob.Answer = () => PeerAnswer.Offence;
        Assert.Equal(isGoNitro ? PeerAnswer.Taken : PeerAnswer.Offence, await alice.SendAsync(bob, "3", Limit));
        bob.Answer = () => PeerAnswer.Taken;
        Assert.Equal(PeerAnswer.Taken, await alice.SendAsync(bob, new string('x', 3_000_000), Limit));
        Assert.Equal(["1", new string('x', 3_000_000)], bob.Received.Select(one => one.Text));
    }

    [Fact]
    public async Task A_peer_that_nobody_knows_is_unreachable_and_nothing_stops()
    {
        await using var alice = await LinkHost.StartAsync(Limit);

        Assert.Equal(PeerAnswer.Unreachable, await alice.Link.SendAsync(new byte[20], new byte[1], Limit));
    }

    [Fact]
    public async Task A_peer_that_comes_back_is_seen_again_and_gets_its_messages()
    {
        var key = Enumerable.Repeat((byte)5, 32).ToArray();
        var bob = await LinkHost.StartAsync(Limit, key: key);
        await using var alice = await LinkHost.StartAsync(Limit, options => options with { BootPeers = [bob.Where] });
        await Eventually.BecomesAsync(() => alice.Seen.Count == 1, "Bob", Limit);
        await bob.DisposeAsync();
        await Eventually.BecomesAsync(() => alice.Host.Swarm.Connections.Count == 0, "Bob's end", Limit);
        Assert.Equal(PeerAnswer.Unreachable, await alice.SendAsync(bob, "lost", Limit));

        await using var again = await LinkHost.StartAsync(Limit, options => options with { BootPeers = [alice.Where] }, key);
        await Eventually.BecomesAsync(() => alice.Seen.Count == 2, "Bob again", Limit);

        Assert.Equal(PeerAnswer.Taken, await alice.SendAsync(again, "found", Limit));
    }

    [Fact]
    public async Task Of_a_configured_peer_that_is_not_reached_the_log_says_so_once_and_again_when_it_is()
    {
        var key = Enumerable.Repeat((byte)7, 32).ToArray();
        var bob = await LinkHost.StartAsync(Limit, key: key);
        var (where, place) = (bob.Where, bob.Host.Address);
        await bob.DisposeAsync();
        var log = new KeptLog();
        await using var alice = await LinkHost.StartAsync(Limit, options => options with { BootPeers = [where] }, log: log);
        await Eventually.BecomesAsync(() => log.Lines.Count(line => line.Level == LogLevel.Debug && line.Text.Contains(where.ToString())) >= 5, "five failures told to who looks for them", Limit);
        Assert.Contains($"{place}", Assert.Single(log.Lines, line => line.Level >= LogLevel.Information).Text, StringComparison.Ordinal);

        await using var again = await LinkHost.StartAsync(Limit, key: key);
        await again.Host.Swarm.ListenAsync(place, Limit);

        await Eventually.BecomesAsync(() => log.Lines.Any(line => line.Text == $"{where} is reached"), "Bob", Limit);
        Assert.Equal([LogLevel.Warning, LogLevel.Information], log.Lines.Where(line => line.Level >= LogLevel.Information).Select(line => line.Level));
    }

    [Fact]
    public async Task Whose_identity_proves_no_address_is_not_heard()
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var stranger = await TestHost.StartAsync(Limit, identity: new Ed25519Identity(new byte[32]));
        var connection = await stranger.DialAsync(bob.Host, Limit);
        await using var stream = await connection.OpenStreamAsync("/nitro/msg/2.0.0", Limit);

        await stream.WriteAsync("{}\n"u8.ToArray(), Limit);

        using var reader = new StreamReader(stream);
        Assert.Equal("{\"taken\":false,\"code\":\"offence\"}", await reader.ReadLineAsync(Limit));
        Assert.Empty(bob.Received);
    }

    [Fact]
    public async Task Js_speaks_the_old_protocol_with_us_both_ways()
    {
        var key = Enumerable.Repeat((byte)6, 32).ToArray();
        await using var js = await JsPeer.StartAsync(Limit, key: Convert.ToHexStringLower(key));
        await using var twin = await LinkHost.StartAsync(Limit, key: key); // Tells the address of js.
        await using var alice = await LinkHost.StartAsync(Limit, options => options with
        {
            Peers = new Dictionary<string, Addresses.Multiaddr> { [twin.Name] = js.Address },
            GoNitroPeers = new HashSet<string> { twin.Name },
        });
        await Eventually.BecomesAsync(() => alice.Seen.Contains(twin.Name), "js", Limit);

        Assert.Equal(PeerAnswer.Taken, await alice.SendAsync(twin, "{\"To\":\"js\"}", Limit));
        var said = await js.AskAsync("say", ("peer", alice.Host.Peer.ToString()), ("protocol", "/nitro/msg/1.0.0"), ("text", "{\"To\":\"us\"}\n"));

        Assert.Equal("", said.GetString());
        Assert.Equal([(twin.Name, "{\"To\":\"us\"}")], alice.Received);
        var line = Assert.Single((await js.AskAsync("lines")).EnumerateArray());
        Assert.Equal("{\"To\":\"js\"}\n", line.GetProperty("text").GetString());
        await js.AskAsync("say", ("peer", alice.Host.Peer.ToString()), ("protocol", "/nitro/peerinfo/1.0.0"), ("text", $"{{\"id\":\"{js.Peer}\",\"address\":\"0x{twin.Name}\"}}\n"));
    }

    [Fact]
    public async Task A_peer_over_its_budget_is_slowed_then_cut_and_another_is_not()
    {
        await using var bob = await LinkHost.StartAsync(Limit, options => options with { MaxMessagesPerMinute = 5, MaxOffencesPerMinute = 2 });
        await using var alice = await LinkHost.StartAsync(Limit, options => Knowing(options, bob));
        await using var irene = await LinkHost.StartAsync(Limit, options => Knowing(options, bob));
        var answers = new List<PeerAnswer>();
        for (var i = 0; i < 10; i++)
        {
            answers.Add(await alice.SendAsync(bob, "m", Limit));
        }

        Assert.Equal([.. Enumerable.Repeat(PeerAnswer.Taken, 5), .. Enumerable.Repeat(PeerAnswer.Busy, 5)], answers);
        var connection = bob.Host.Swarm.Find(alice.Host.Peer)!;
        await alice.SendAsync(bob, "one too many", Limit);
        await Eventually.BecomesAsync(() => connection.Closed.IsCancellationRequested, "the end of the connection", Limit);

        Assert.Equal(PeerAnswer.Taken, await irene.SendAsync(bob, "m", Limit));
        bob.Answer = () => PeerAnswer.Offence;
        var other = bob.Host.Swarm.Find(irene.Host.Peer)!;
        for (var i = 0; i < 3; i++)
        {
            await irene.SendAsync(bob, "bad", Limit);
        }

        await Eventually.BecomesAsync(() => other.Closed.IsCancellationRequested, "the end of the offender's connection", Limit);
    }

    [Fact]
    public async Task Messages_that_are_not_finished_hold_no_more_than_allowed()
    {
        await using var bob = await LinkHost.StartAsync(Limit, options => options with { MaxReceivingPerPeer = 1_000_000 });
        await using var stranger = await TestHost.StartAsync(Limit);
        var connection = await stranger.DialAsync(bob.Host, Limit);
        var streams = new List<Yamux.YamuxStream>();
        for (var i = 0; i < 10; i++)
        {
            var stream = await connection.OpenStreamAsync("/nitro/msg/2.0.0", Limit);
            streams.Add(stream);
            var failure = await Record.ExceptionAsync(() => stream.WriteAsync(new byte[200_000], Limit).AsTask());
            Assert.True(failure is null or Libp2pException { Error: Libp2pError.StreamReset }, $"{failure}"); // It may be refused half-way.
        }

        // Each holds a buffer of 262,144 bytes once all of it is there, so three fit and the others are reset.
        await Eventually.BecomesAsync(() => streams.Count(stream => stream.Ended.IsCompleted) >= 7, "seven refusals", Limit);
        Assert.False(connection.Closed.IsCancellationRequested);
    }

    private static Libp2p.Link.LinkOptions Knowing(Libp2p.Link.LinkOptions options, LinkHost peer) =>
        options with { Peers = new Dictionary<string, Addresses.Multiaddr> { [peer.Name] = peer.Where } };

    // A record travels for a moment before everybody has it.
    private async Task UntilTakenAsync(Func<ValueTask<PeerAnswer>> send)
    {
        while (await send() != PeerAnswer.Taken)
        {
            Limit.ThrowIfCancellationRequested();
        }
    }
}
