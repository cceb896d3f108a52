using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Tests.Hosts;
using Nitro.Libp2p.Yamux;
using Nitro.Ports;
using Nitro.Secp256k1;
using Xunit;

namespace Nitro.Libp2p.Tests.Link;

/// <summary>Streams that carry one message after the other, and peers that end them whenever they like.</summary>
public sealed class MessageStreamTests : IDisposable
{
    private const string V2 = "/nitro/msg/2.0.0";
    private static readonly byte[] Taken = "{\"taken\":true}\n"u8.ToArray();
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task Messages_one_after_the_other_share_a_stream_that_is_closed_once_it_is_not_needed()
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var alice = await LinkHost.StartAsync(Limit, options => options with
        {
            Peers = new Dictionary<string, Multiaddr> { [bob.Name] = bob.Where },
            IdleStreams = TimeSpan.FromSeconds(1),
        });
        var texts = Enumerable.Range(0, 50).Select(number => $"{number}").ToArray();
        await alice.SendAsync(bob, "first", Limit);
        var connection = alice.Host.Swarm.Find(bob.Host.Peer)!;
        await Eventually.BecomesAsync(() => connection.StreamCount == 1, "one stream alone", Limit);

        foreach (var text in texts)
        {
            Assert.Equal(PeerAnswer.Taken, await alice.SendAsync(bob, text, Limit));
        }

        Assert.Equal(1, connection.StreamCount);
        Assert.Equal(["first", .. texts], bob.Received.Select(one => one.Text));
        await Eventually.BecomesAsync(() => connection.StreamCount == 0, "the end of the stream", Limit);
        Assert.Equal(PeerAnswer.Taken, await alice.SendAsync(bob, "last", Limit));
    }

    [Fact]
    public async Task Messages_at_once_take_a_bounded_number_of_streams_and_all_arrive()
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var alice = await LinkHost.StartAsync(Limit, options => Knowing(options, bob.Name, bob.Where));
        var texts = Enumerable.Range(0, 500).Select(number => $"{number}").ToArray();

        var answers = await Task.WhenAll(texts.Select(text => alice.SendAsync(bob, text, Limit).AsTask()));

        Assert.All(answers, answer => Assert.Equal(PeerAnswer.Taken, answer));
        Assert.Equal(texts.Order(), bob.Received.Select(one => one.Text).Order());
        var connection = alice.Host.Swarm.Find(bob.Host.Peer)!;
        Assert.InRange(connection.StreamCount, 1, alice.Host.Swarm.Options.MaxOutboundStreamsPerProtocol);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_that_answers_once_a_stream_gets_every_message(bool resets)
    {
        var heard = new ConcurrentQueue<string>();
        await using var once = await ServingAsync(out var name, async (stream, _, token) =>
        {
            heard.Enqueue(await HearAsync(stream, token));
            await stream.WriteAsync(Taken, token);
            if (resets)
            {
                await stream.ReadExactlyAsync(new byte[1], token); // As one that gave the stream up while the next message was on its way.
                stream.Reset();
            }
        });
        await using var alice = await LinkHost.StartAsync(Limit, options => Knowing(options, name, once.Address.WithPeer(once.Peer)));

        for (var number = 0; number < 20; number++)
        {
            Assert.Equal(PeerAnswer.Taken, await alice.Link.SendAsync(Convert.FromHexString(name), Encoding.UTF8.GetBytes($"{number}"), Limit));
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"{number}"), heard);
    }

    [Fact]
    public async Task A_late_answer_is_not_taken_for_that_of_the_next_message()
    {
        var release = new TaskCompletionSource();
        await using var slow = await ServingAsync(out var name, async (stream, _, token) =>
        {
            for (var text = await HearAsync(stream, token); text.Length > 0; text = await HearAsync(stream, token))
            {
                await (text == "slow" ? release.Task.WaitAsync(token) : Task.CompletedTask);
                await stream.WriteAsync(text == "bad" ? "{\"taken\":false,\"code\":\"offence\"}\n"u8.ToArray() : Taken, token);
            }
        });
        await using var alice = await LinkHost.StartAsync(Limit, options =>
            Knowing(options, name, slow.Address.WithPeer(slow.Peer)) with { MessageTimeout = TimeSpan.FromSeconds(2) });
        var them = Convert.FromHexString(name);
        Assert.Equal(PeerAnswer.Taken, await alice.Link.SendAsync(them, "quick"u8.ToArray(), Limit));

        Assert.Equal(PeerAnswer.Unreachable, await alice.Link.SendAsync(them, "slow"u8.ToArray(), Limit));
        release.SetResult();

        Assert.Equal(PeerAnswer.Offence, await alice.Link.SendAsync(them, "bad"u8.ToArray(), Limit));
    }

    [Fact]
    public async Task Who_sends_a_second_message_before_the_first_is_answered_loses_the_stream_and_not_the_connection()
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var hasty = await TestHost.StartAsync(Limit);
        var connection = await hasty.DialAsync(bob.Host, Limit);
        await using var stream = await connection.OpenStreamAsync(V2, Limit);

        await stream.WriteAsync("one\ntwo\n"u8.ToArray(), Limit);

        var failure = await Assert.ThrowsAsync<Libp2pException>(() => stream.ReadExactlyAsync(new byte[1], Limit).AsTask());
        Assert.Equal(Libp2pError.StreamReset, failure.Error);
        Assert.Empty(bob.Received);
        Assert.False(connection.Closed.IsCancellationRequested);
    }

    [Fact]
    public async Task Streams_without_a_message_hold_nothing_and_are_cut_after_a_while()
    {
        await using var bob = await LinkHost.StartAsync(Limit, options => options with { MaxReceivingPerPeer = 0, MessageTimeout = TimeSpan.FromSeconds(1) });
        await using var silent = await TestHost.StartAsync(Limit);
        var connection = await silent.DialAsync(bob.Host, Limit);
        var streams = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => connection.OpenStreamAsync(V2, Limit)));

        await Task.WhenAll(streams.Select(stream => stream.Ended)).WaitAsync(Limit); // At no budget at all, holding would have cut them at once.

        Assert.All(streams, stream => Assert.Equal(V2, stream.Protocol));
        Assert.False(connection.Closed.IsCancellationRequested);
    }

    private static Libp2p.Link.LinkOptions Knowing(Libp2p.Link.LinkOptions options, string name, Multiaddr where) =>
        options with { Peers = new Dictionary<string, Multiaddr> { [name] = where } };

    // The next line; empty at the end.
    private static async Task<string> HearAsync(YamuxStream stream, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var next = new byte[1];
        while (await stream.ReadAsync(next, cancellationToken) > 0 && next[0] != (byte)'\n')
        {
            text.Append((char)next[0]);
        }

        return text.ToString();
    }

    private Task<TestHost> ServingAsync(out string name, StreamHandler handler)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        var address = new byte[20];
        Curve.Default.TryGetAddress(key, address);
        name = Convert.ToHexStringLower(address);
        return StartAsync();

        async Task<TestHost> StartAsync()
        {
            var host = await TestHost.StartAsync(Limit, identity: new Secp256k1Identity(key));
            host.Swarm.Handle(V2, handler);
            return host;
        }
    }
}
