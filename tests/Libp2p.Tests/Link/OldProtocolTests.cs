using System.Collections.Concurrent;
using System.Text;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Tests.Hosts;
using Nitro.Ports;
using Xunit;

namespace Nitro.Libp2p.Tests.Link;

/// <summary>Peers that say everything once, and peers whose identity proves no address.</summary>
public sealed class OldProtocolTests : IDisposable
{
    private const string V1 = "/nitro/msg/1.0.0";
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task What_a_go_nitro_peer_says_too_early_is_taken_later_without_its_saying_it_again()
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var go = await TestHost.StartAsync(Limit);
        var connection = await go.DialAsync(bob.Host, Limit);
        bob.Answer = () => PeerAnswer.Busy;
        await SayAsync(connection, "first");
        await SayAsync(connection, "second");
        await SayAsync(connection, "first");
        await Eventually.BecomesAsync(() => bob.Link.Health.HeldBack == 2, "two held back", Limit);

        bob.Answer = () => PeerAnswer.Taken;
        await SayAsync(connection, "third");

        await Eventually.BecomesAsync(() => bob.Received.Count == 3, "all three", Limit);
        Assert.Equal(["first", "second", "third"], bob.Received.Select(one => one.Text).Order());
        Assert.Equal(0, bob.Link.Health.HeldBack);
    }

    [Fact]
    public async Task What_is_held_back_is_bounded_and_ends_with_the_connection()
    {
        await using var bob = await LinkHost.StartAsync(Limit, options => options with { MaxHeldBackMessages = 2 });
        await using var go = await TestHost.StartAsync(Limit);
        var connection = await go.DialAsync(bob.Host, Limit);
        bob.Answer = () => PeerAnswer.Busy;
        foreach (var text in (string[])["1", "2", "3"])
        {
            await SayAsync(connection, text);
        }

        Assert.Equal(2, bob.Link.Health.HeldBack);
        connection.Close();

        await Eventually.BecomesAsync(() => bob.Link.Health.HeldBack == 0, "nothing held back", Limit);
        Assert.Empty(bob.Received);
    }

    [Fact]
    public async Task A_peer_without_a_record_is_found_by_what_it_says_of_itself()
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var stranger = await StrangerAsync(out var heard);
        var connection = await stranger.DialAsync(bob.Host, Limit);
        var address = Enumerable.Repeat((byte)0xab, 20).ToArray();
        await using (var stream = await connection.OpenStreamAsync("/nitro/peerinfo/1.0.0", Limit))
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"{{\"id\":\"{stranger.Peer}\",\"address\":\"0x{Convert.ToHexString(address)}\"}}\n"), Limit);
        }

        while (await bob.Link.SendAsync(address, "hello"u8.ToArray(), Limit) != PeerAnswer.Taken)
        {
            Limit.ThrowIfCancellationRequested();
        }

        Assert.Equal(["hello"], heard);
        connection.Close();
        await Eventually.BecomesAsync(() => bob.Host.Swarm.Connections.Count == 0, "the end", Limit);
        Assert.Equal(PeerAnswer.Unreachable, await bob.Link.SendAsync(address, "hello"u8.ToArray(), Limit));
    }

    [Fact]
    public async Task A_peer_whose_identity_proves_no_address_is_heard_as_the_one_that_the_configuration_names()
    {
        await using var stranger = await StrangerAsync(out var heard);
        var name = new string('c', 40);
        await using var bob = await LinkHost.StartAsync(Limit, options => options with
        {
            Peers = new Dictionary<string, Addresses.Multiaddr> { [name] = stranger.Address.WithPeer(stranger.Peer) },
        });

        Assert.Equal(PeerAnswer.Taken, await bob.Link.SendAsync(Convert.FromHexString(name), "hello"u8.ToArray(), Limit));
        await SayAsync(await stranger.DialAsync(bob.Host, Limit), "hello too");

        await Eventually.BecomesAsync(() => bob.Received.Count == 1, "the answer", Limit);
        Assert.Equal((name, "hello too"), bob.Received.First());
        Assert.Equal(["hello"], heard);
    }

    private async Task SayAsync(Connection connection, string text)
    {
        await using var stream = await connection.OpenStreamAsync(V1, Limit);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text + "\n"), Limit);
        stream.CloseWrite();
        try
        {
            await stream.CopyToAsync(Stream.Null, Limit);
        }
        catch (Libp2pException e) when (e.Error == Libp2pError.StreamReset)
        {
            // Not taken: go-nitro does not look.
        }
    }

    private Task<TestHost> StrangerAsync(out ConcurrentQueue<string> heard)
    {
        var lines = heard = new ConcurrentQueue<string>();
        return StartAsync();

        async Task<TestHost> StartAsync()
        {
            var stranger = await TestHost.StartAsync(Limit, identity: new Ed25519Identity(new byte[32]));
            stranger.Swarm.Handle(V1, async (stream, _, token) =>
            {
                using var reader = new StreamReader(stream);
                lines.Enqueue((await reader.ReadLineAsync(token))!);
            });
            return stranger;
        }
    }
}
