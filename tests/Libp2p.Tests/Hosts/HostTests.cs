using System.Security.Cryptography;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identify;
using Nitro.Libp2p.Identity;
using Xunit;

namespace Nitro.Libp2p.Tests.Hosts;

/// <summary>Two hosts of ours over TCP.</summary>
public sealed class HostTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Theory]
    [InlineData(KeyType.Secp256k1)]
    [InlineData(KeyType.Ed25519)]
    public async Task Two_hosts_meet_and_describe_themselves(KeyType type)
    {
        IIdentity identity = type == KeyType.Ed25519 ? new Ed25519Identity(new byte[32]) : new Secp256k1Identity(RandomNumberGenerator.GetBytes(32));
        await using var alice = await TestHost.StartAsync(Limit, identity: identity);
        await using var bob = await TestHost.StartAsync(Limit);

        var connection = await alice.DialAsync(bob, Limit);
        var description = await connection.Described.WaitAsync(Limit);

        Assert.Equal(bob.Peer, connection.Peer);
        Assert.Contains(bob.Address, description.Addresses);
        Assert.True(description.Speaks(TestHost.Echo));
        await Eventually.BecomesAsync(() => bob.Swarm.Find(alice.Peer)?.Description is not null, "Bob's description of Alice", Limit);
        Assert.Equal(alice.Swarm.Protocols, bob.Swarm.Find(alice.Peer)!.Description!.Protocols);
        Assert.True(await PingProtocol.PingAsync(connection, Limit) > TimeSpan.Zero);
    }

    [Fact]
    public async Task Three_megabytes_come_back_as_they_went_on_eight_streams_at_once()
    {
        await using var alice = await TestHost.StartAsync(Limit);
        await using var bob = await TestHost.StartAsync(Limit);
        var connection = await alice.DialAsync(bob, Limit);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EchoAsync(connection, 3_000_000, Limit)));

        await Eventually.BecomesAsync(
            () => connection.StreamCount == 0 && alice.Swarm.Buffered == 0 && bob.Swarm.Buffered == 0, "streams that are forgotten", Limit);
    }

    [Fact]
    public async Task A_protocol_that_nobody_serves_is_refused_and_the_connection_stands()
    {
        await using var alice = await TestHost.StartAsync(Limit);
        await using var bob = await TestHost.StartAsync(Limit);
        var connection = await alice.DialAsync(bob, Limit);

        var failure = await Assert.ThrowsAsync<Libp2pException>(() => connection.OpenStreamAsync("/absent/1.0.0", Limit));
        var stream = await connection.OpenStreamAsync(["/absent/1.0.0", TestHost.Echo], Limit);

        Assert.Equal((Libp2pError.NotSupported, TestHost.Echo), (failure.Error, stream.Protocol));
        await stream.DisposeAsync();
        await EchoAsync(connection, 10, Limit);
    }

    [Fact]
    public async Task Somebody_else_than_the_one_dialed_is_refused()
    {
        await using var alice = await TestHost.StartAsync(Limit);
        await using var bob = await TestHost.StartAsync(Limit);
        var other = PeerId.Of(new Ed25519Identity(new byte[32]).PublicKey);

        var failure = await Assert.ThrowsAsync<Libp2pException>(() => alice.Swarm.DialAsync(other, [bob.Address], Limit));
        var unreachable = await Assert.ThrowsAsync<Libp2pException>(
            () => alice.Swarm.DialAsync(other, [Multiaddr.Parse("/ip4/127.0.0.1/tcp/1"), Multiaddr.Parse("/ip4/127.0.0.1/udp/1/quic-v1")], Limit));

        Assert.Equal((Libp2pError.WrongPeer, Libp2pError.Unreachable), (failure.Error, unreachable.Error));
        Assert.Empty(alice.Swarm.Connections);
    }

    [Fact]
    public async Task A_new_protocol_is_told_to_those_who_are_connected()
    {
        await using var alice = await TestHost.StartAsync(Limit);
        await using var bob = await TestHost.StartAsync(Limit);
        var connection = await alice.DialAsync(bob, Limit);
        await connection.Described.WaitAsync(Limit);

        bob.Swarm.Handle("/new/1.0.0", (_, _, _) => Task.CompletedTask);
        await bob.Swarm.PushAsync(Limit);

        await Eventually.BecomesAsync(() => connection.Description!.Speaks("/new/1.0.0"), "the push", Limit);
    }

    [Fact]
    public async Task Callers_that_dial_at_once_share_a_connection()
    {
        await using var alice = await TestHost.StartAsync(Limit);
        await using var bob = await TestHost.StartAsync(Limit);

        var connections = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => alice.DialAsync(bob, Limit)));

        Assert.Single(connections.Distinct());
    }

    [Fact]
    public async Task A_thousand_reconnects_leave_nothing_behind()
    {
        await using var alice = await TestHost.StartAsync(Limit);
        await using var bob = await TestHost.StartAsync(Limit);
        for (var round = 0; round < 1000; round++)
        {
            var connection = await alice.DialAsync(bob, Limit);
            await EchoAsync(connection, 100, Limit);
            connection.Close();
            await Eventually.BecomesAsync(() => connection.Closed.IsCancellationRequested, "the end of a connection", Limit);
        }

        await Eventually.BecomesAsync(
            () => alice.Swarm.Connections.Count == 0 && bob.Swarm.Connections.Count == 0 && bob.Swarm.PendingUpgradeCount == 0,
            "no connection left", Limit);
        await Eventually.BecomesAsync(() => alice.Swarm.RunningCount <= 1 && bob.Swarm.RunningCount <= 1, "no task left but the listener", Limit);
        Assert.Equal((0, 0), (alice.Swarm.Buffered, bob.Swarm.Buffered));
    }

    [Fact]
    public async Task What_a_handler_does_not_read_holds_up_no_other_stream_and_is_forgotten()
    {
        await using var alice = await TestHost.StartAsync(Limit);
        await using var bob = await TestHost.StartAsync(Limit);
        var leave = new TaskCompletionSource();
        bob.Swarm.Handle("/deaf/1.0.0", (_, _, token) => leave.Task.WaitAsync(token));
        var connection = await alice.DialAsync(bob, Limit);
        var deaf = await connection.OpenStreamAsync("/deaf/1.0.0", Limit);

        var writing = deaf.WriteAsync(new byte[1_000_000], Limit).AsTask();
        await Eventually.BecomesAsync(() => bob.Swarm.Buffered > 262000, "a full window", Limit);
        await EchoAsync(connection, 500_000, Limit);
        Assert.False(writing.IsCompleted);

        leave.SetResult();
        await Eventually.BecomesAsync(() => bob.Swarm.Buffered == 0, "the unread bytes given back", Limit);
        deaf.Reset();
        var failure = await Assert.ThrowsAsync<Libp2pException>(() => writing);
        Assert.Equal(Libp2pError.StreamReset, failure.Error);
    }

    [Fact]
    public async Task A_write_that_is_cancelled_ends_and_the_stream_can_be_cut()
    {
        await using var alice = await TestHost.StartAsync(Limit);
        await using var bob = await TestHost.StartAsync(Limit);
        bob.Swarm.Handle("/deaf/1.0.0", (_, _, token) => Task.Delay(Timeout.Infinite, token));
        var connection = await alice.DialAsync(bob, Limit);
        await using var deaf = await connection.OpenStreamAsync("/deaf/1.0.0", Limit);
        using var soon = new CancellationTokenSource();

        var writing = deaf.WriteAsync(new byte[1_000_000], soon.Token).AsTask();
        await Eventually.BecomesAsync(() => bob.Swarm.Buffered > 262000, "a full window", Limit);
        await soon.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        deaf.Reset();
        await deaf.Ended.WaitAsync(Limit);
        await EchoAsync(connection, 10, Limit);
    }

    [Fact]
    public async Task No_more_streams_of_a_protocol_are_open_than_the_option_says()
    {
        await using var alice = await TestHost.StartAsync(Limit);
        await using var bob = await TestHost.StartAsync(Limit);
        int now = 0, most = 0;
        bob.Swarm.Handle("/count/1.0.0", async (stream, _, token) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, token);
            Interlocked.Decrement(ref now);
        });
        var connection = await alice.DialAsync(bob, Limit);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
        {
            await using var stream = await connection.OpenStreamAsync("/count/1.0.0", Limit);
            await stream.WriteAsync(new byte[1], Limit);
            stream.CloseWrite();
            Assert.Equal(0, await stream.ReadAsync(new byte[1], Limit));
        }));

        Assert.InRange(most, 1, 16);
    }

    internal static async Task EchoAsync(Connection connection, int size, CancellationToken cancellationToken)
    {
        var sent = RandomNumberGenerator.GetBytes(size);
        var back = new byte[size];
        await using var stream = await connection.OpenStreamAsync(TestHost.Echo, cancellationToken);
        var writing = Task.Run(
            async () =>
            {
                await stream.WriteAsync(sent, cancellationToken);
                stream.CloseWrite();
            },
            cancellationToken);
        await stream.ReadExactlyAsync(back, cancellationToken);
        await writing;
        Assert.Equal(0, await stream.ReadAsync(new byte[1], cancellationToken));
        Assert.True(sent.AsSpan().SequenceEqual(back));
    }
}
