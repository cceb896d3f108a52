using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identify;
using Nitro.Libp2p.Tests.Hosts;
using Xunit;

namespace Nitro.Libp2p.Tests.Js;

/// <summary>js-libp2p, an implementation that shares no line with ours, as the other side.</summary>
public sealed class JsInteropTests : IDisposable
{
    private const string Message = "/test/msg/1.0.0";

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(120));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("2d999770f7b5d49b694080f987b82bbc9fc9ac2b4dcc10b0f8aba7d700f69c6d")]
    public async Task We_dial_js(string? key)
    {
        await using var js = await JsPeer.StartAsync(Limit, key: key);
        await using var host = await TestHost.StartAsync(Limit);

        var connection = await host.Swarm.DialAsync(js.Peer, [js.Address], Limit);
        var description = await connection.Described.WaitAsync(Limit);

        Assert.Equal(js.Peer, connection.Peer);
        Assert.True(description.Speaks(TestHost.Echo));
        Assert.StartsWith("js-libp2p", description.AgentVersion, StringComparison.Ordinal);
        Assert.Contains(js.Address.WithoutPeer(), description.Addresses);
        Assert.True(await PingProtocol.PingAsync(connection, Limit) > TimeSpan.Zero);
        await HostTests.EchoAsync(connection, 3_000_000, Limit);
        var failure = await Assert.ThrowsAsync<Libp2pException>(() => connection.OpenStreamAsync("/absent/1.0.0", Limit));
        Assert.Equal(Libp2pError.NotSupported, failure.Error);
        await HostTests.EchoAsync(connection, 1000, Limit);
    }

    [Fact]
    public async Task Js_dials_us()
    {
        await using var js = await JsPeer.StartAsync(Limit);
        await using var host = await TestHost.StartAsync(Limit);
        var us = host.Peer.ToString();

        Assert.Equal(us, (await js.AskAsync("dial", ("address", host.Address.WithPeer(host.Peer).ToString()))).GetString());
        var description = await js.AskAsync("described", ("peer", us));

        Assert.Equal("nitro-dotnet", description.GetProperty("agent").GetString());
        Assert.Equal(host.Swarm.Protocols, description.GetProperty("protocols").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal([host.Address.ToString()], description.GetProperty("addresses").EnumerateArray().Select(one => one.GetString()));
        Assert.True((await js.AskAsync("ping", ("peer", us))).GetDouble() >= 0);
        Assert.True((await js.AskAsync("echo", ("peer", us), ("size", 3_000_000))).GetBoolean());
        Assert.Equal("UnsupportedProtocolError", (await js.AskAsync("unknown", ("peer", us))).GetString());
        Assert.True((await js.AskAsync("echo", ("peer", us), ("size", 100))).GetBoolean());
        Assert.Equal(js.Peer, host.Swarm.Connections.Single().Peer);
    }

    [Fact]
    public async Task Pushes_are_understood_both_ways()
    {
        await using var js = await JsPeer.StartAsync(Limit);
        await using var host = await TestHost.StartAsync(Limit);
        var connection = await host.Swarm.DialAsync(js.Peer, [js.Address], Limit);
        await connection.Described.WaitAsync(Limit);

        await js.AskAsync("handle", ("protocol", "/js/new/1.0.0"));
        await js.AskAsync("push");
        await Eventually.BecomesAsync(() => connection.Description!.Speaks("/js/new/1.0.0"), "the push from js", Limit);

        host.Swarm.Handle("/our/new/1.0.0", (_, _, _) => Task.CompletedTask);
        await host.Swarm.PushAsync(Limit);
        while (!(await js.AskAsync("known", ("peer", host.Peer.ToString()))).EnumerateArray().Any(one => one.GetString() == "/our/new/1.0.0"))
        {
            Limit.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Four_hundred_messages_in_bursts_all_arrive_both_ways()
    {
        await using var js = await JsPeer.StartAsync(Limit);
        await using var host = await TestHost.StartAsync(Limit);
        var received = 0;
        host.Swarm.Handle(Message, async (stream, _, token) =>
        {
            using var reader = new StreamReader(stream);
            if ((await reader.ReadToEndAsync(token)).EndsWith('\n'))
            {
                Interlocked.Increment(ref received);
            }
        });
        var connection = await host.Swarm.DialAsync(js.Peer, [js.Address], Limit);
        await connection.Described.WaitAsync(Limit);

        await Task.WhenAll(Enumerable.Range(0, 400).Select(index => TellAsync(connection, $"message {index}\n", Limit)));
        await js.AskAsync("burst", ("peer", host.Peer.ToString()), ("count", 400), ("atOnce", 30));

        Assert.Equal((400, 400), ((await js.AskAsync("messages")).GetInt32(), received));
    }

    [Fact]
    public async Task Connections_that_js_or_we_end_are_made_again()
    {
        await using var js = await JsPeer.StartAsync(Limit);
        await using var host = await TestHost.StartAsync(Limit);
        for (var round = 0; round < 10; round++)
        {
            var connection = await host.Swarm.DialAsync(js.Peer, [js.Address], Limit);
            await HostTests.EchoAsync(connection, 1000, Limit);
            if (round % 2 == 0)
            {
                await js.AskAsync("hangUp", ("peer", host.Peer.ToString()));
            }
            else
            {
                connection.Close();
            }

            await Eventually.BecomesAsync(() => host.Swarm.Connections.Count == 0, "the end of the connection", Limit);
        }
    }

    [Fact]
    public async Task A_js_process_that_is_killed_is_noticed()
    {
        await using var host = await TestHost.StartAsync(Limit);
        Connection connection;
        await using (var js = await JsPeer.StartAsync(Limit))
        {
            connection = await host.Swarm.DialAsync(js.Peer, [js.Address], Limit);
        }

        await Eventually.BecomesAsync(() => connection.Closed.IsCancellationRequested, "the end of the connection", Limit);
        await Assert.ThrowsAsync<Libp2pException>(() => connection.OpenStreamAsync(TestHost.Echo, Limit));
    }

    [Fact]
    public async Task A_quiet_connection_is_kept_alive_by_pings_that_js_answers()
    {
        var options = new SwarmOptions { KeepAliveInterval = TimeSpan.FromSeconds(1), KeepAliveTimeout = TimeSpan.FromSeconds(1) };
        await using var js = await JsPeer.StartAsync(Limit);
        await using var host = await TestHost.StartAsync(Limit, options);
        var connection = await host.Swarm.DialAsync(js.Peer, [js.Address], Limit);
        await connection.Described.WaitAsync(Limit);

        await Eventually.BecomesAsync(() => connection.PongCount >= 3, "three pongs", Limit);

        Assert.False(connection.Closed.IsCancellationRequested);
        await HostTests.EchoAsync(connection, 1000, Limit);
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task A_connection_that_is_quiet_for_ninety_seconds_stands()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(180));
        await using var js = await JsPeer.StartAsync(limit.Token);
        await using var host = await TestHost.StartAsync(limit.Token);
        var connection = await host.Swarm.DialAsync(js.Peer, [js.Address], limit.Token);
        await connection.Described.WaitAsync(limit.Token);
        var began = TimeProvider.System.GetTimestamp();

        // Both ping after thirty seconds of silence, and whoever hears one is silent no longer: the wait itself is the test.
        await Eventually.BecomesAsync(
            () => TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(90) || connection.Closed.IsCancellationRequested,
            "ninety seconds", limit.Token);

        Assert.False(connection.Closed.IsCancellationRequested);
        await HostTests.EchoAsync(connection, 1000, limit.Token);
    }

    internal static async Task TellAsync(Connection connection, string text, CancellationToken cancellationToken)
    {
        await using var stream = await connection.OpenStreamAsync(Message, cancellationToken);
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancellationToken);
        stream.CloseWrite();
        Assert.Equal(0, await stream.ReadAsync(new byte[1], cancellationToken));
    }
}
