using System.Text;
using Nitro.Libp2p.Tests.Hosts;
using Nitro.Libp2p.Yamux;
using Xunit;

namespace Nitro.Libp2p.Tests.Hostile;

/// <summary>Strangers who got through the handshake and then abuse the connection.</summary>
public sealed class HostileSessionTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    private CancellationToken Limit => _limit.Token;

    public static TheoryData<string, byte[]> Violations()
    {
        var open = RawPeer.Frame(FrameType.WindowUpdate, FrameFlags.Syn, 1, 0);
        return new TheoryData<string, byte[]>
        {
            { "another version", [1, .. new byte[11]] },
            { "an unknown type", RawPeer.Frame((FrameType)4, 0, 0, 0) },
            { "our parity", RawPeer.Frame(FrameType.WindowUpdate, FrameFlags.Syn, 2, 0) },
            { "stream 0", RawPeer.Frame(FrameType.Data, FrameFlags.Syn, 0, 0) },
            { "a ping on a stream", RawPeer.Frame(FrameType.Ping, FrameFlags.Syn, 1, 0) },
            { "a stream twice", [.. open, .. open] },
            { "a frame beyond the window", [.. open, .. RawPeer.Frame(FrameType.Data, 0, 1, 262145)] },
            { "a frame of 4 GB", [.. open, .. RawPeer.Frame(FrameType.Data, 0, 1, uint.MaxValue)] },
            { "4 GB for a stream that does not exist", RawPeer.Frame(FrameType.Data, 0, 9, uint.MaxValue) },
            { "data after the end", [
                .. open, .. RawPeer.Frame(FrameType.WindowUpdate, FrameFlags.Fin, 1, 0), .. RawPeer.Frame(FrameType.Data, 0, 1, 1, [1])] },
            { "pongs that nobody asked for", [.. Enumerable.Range(0, 100).SelectMany(i => RawPeer.Frame(FrameType.Ping, FrameFlags.Ack, 0, (uint)i))] },
            { "ten thousand pings", [.. Enumerable.Range(0, 10_000).SelectMany(i => RawPeer.Frame(FrameType.Ping, FrameFlags.Syn, 0, (uint)i))] },
        };
    }

    public void Dispose() => _limit.Dispose();

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task Who_breaks_the_protocol_is_cut_and_others_are_not(string violation, byte[] bytes)
    {
        await using var host = await TestHost.StartAsync(Limit);
        await using var honest = await TestHost.StartAsync(Limit);
        var connection = await honest.DialAsync(host, Limit);
        await using var peer = await HostilePeer.DialAsync(host, Limit);
        try
        {
            await peer.SendAsync(bytes);
        }
        catch (IOException)
        {
            // Cut before all of it was said.
        }

        var code = await peer.UntilEndAsync();

        Assert.True(code is null or FrameHeader.GoAwayViolation, violation);
        await Eventually.BecomesAsync(() => host.Swarm.Connections.Count == 1, "the end of the hostile connection", Limit);
        await HostTests.EchoAsync(connection, 10_000, Limit);
    }

    [Fact]
    public async Task Ten_thousand_streams_are_refused_but_for_those_allowed()
    {
        await using var host = await TestHost.StartAsync(Limit);
        await using var honest = await TestHost.StartAsync(Limit);
        var connection = await honest.DialAsync(host, Limit);
        await using var peer = await HostilePeer.DialAsync(host, Limit);
        var refused = 0;
        var reading = Task.Run(
            async () =>
            {
                while (refused < 10_000 - 256 && await peer.ReceiveAsync() is { } frame)
                {
                    refused += frame.Header.Flags.HasFlag(FrameFlags.Rst) ? 1 : 0;
                }
            },
            Limit);
        for (uint id = 1; id < 20_000; id += 200)
        {
            await peer.SendAsync([.. Enumerable.Range(0, 100).SelectMany(i => RawPeer.Frame(FrameType.WindowUpdate, FrameFlags.Syn, id + (2 * (uint)i), 0))]);
        }

        await reading;

        Assert.Equal(10_000 - 256, refused);
        Assert.InRange(host.Swarm.Connections.Max(one => one.StreamCount), 256, 257); // And our own, to identify.
        await HostTests.EchoAsync(connection, 100_000, Limit);
    }

    [Fact]
    public async Task Who_opens_streams_and_reads_no_refusal_is_cut()
    {
        await using var host = await TestHost.StartAsync(Limit, new SwarmOptions { LingerTimeout = TimeSpan.FromMilliseconds(200) });
        var (socket, channel) = await HostilePeer.UpgradeAsync(host, Limit);
        socket.ReceiveBufferSize = 4096;
        await using var peer = new RawPeer(channel, Limit);
        uint id = 1;
        var failure = await Record.ExceptionAsync(async () =>
        {
            while (true)
            {
                var frames = Enumerable.Range(0, 1000).SelectMany(i => RawPeer.Frame(FrameType.WindowUpdate, FrameFlags.Syn, id + (2 * (uint)i), 0));
                await peer.SendAsync([.. frames]);
                id += 2000;
            }
        });

        Assert.IsAssignableFrom<IOException>(failure);
        await Eventually.BecomesAsync(() => host.Swarm.Connections.Count == 0, "the end of the connection", Limit);
    }

    [Fact]
    public async Task Streams_whose_negotiation_dawdles_are_reset_when_the_time_is_over()
    {
        await using var host = await TestHost.StartAsync(Limit, new SwarmOptions { NegotiationTimeout = TimeSpan.FromMilliseconds(300) });
        await using var peer = await HostilePeer.DialAsync(host, Limit);
        byte[][] openings = [[], "\x13/multi"u8.ToArray(), "\x13/multistream/1.0.0\n"u8.ToArray(), "\x13/multistream/1.0.0\n\x20/half"u8.ToArray()];
        for (uint i = 0; i < openings.Length; i++)
        {
            await peer.SendAsync(FrameType.Data, FrameFlags.Syn, (2 * i) + 1, (uint)openings[i].Length, openings[i]);
        }

        var reset = new HashSet<uint>();
        while (reset.Count < openings.Length)
        {
            reset.Add((await peer.UntilAsync(header => header.Flags.HasFlag(FrameFlags.Rst) && header.StreamId % 2 == 1)).Header.StreamId);
        }
    }

    [Theory]
    [InlineData("\u0081\u0008")]
    [InlineData("\u0004abcd")]
    [InlineData("\0")]
    public async Task Tokens_that_are_none_reset_the_stream_alone(string token)
    {
        await using var host = await TestHost.StartAsync(Limit);
        await using var peer = await HostilePeer.DialAsync(host, Limit);
        byte[] bytes = [.. "\x13/multistream/1.0.0\n"u8, .. Encoding.Latin1.GetBytes(token)];
        await peer.SendAsync(FrameType.Data, FrameFlags.Syn, 1, (uint)bytes.Length, bytes);

        await peer.UntilAsync(header => header.StreamId == 1 && header.Flags.HasFlag(FrameFlags.Rst));
        await peer.SendAsync(FrameType.Ping, FrameFlags.Syn, 0, 5);
        await peer.UntilAsync(header => header.Type == FrameType.Ping && header.Length == 5);
    }

    [Fact]
    public async Task Bytes_that_nobody_reads_are_bounded_on_all_streams_together()
    {
        var options = new SwarmOptions { MaxBufferedPerConnection = 1_000_000 };
        await using var host = await TestHost.StartAsync(Limit, options);
        host.Swarm.Handle("/deaf/1.0.0", (_, _, token) => Task.Delay(Timeout.Infinite, token));
        await using var peer = await HostilePeer.DialAsync(host, Limit);
        var opening = "\x13/multistream/1.0.0\n\x0c/deaf/1.0.0\n"u8.ToArray();
        for (uint id = 1; id < 40; id += 2)
        {
            await peer.SendAsync(FrameType.Data, FrameFlags.Syn, id, (uint)opening.Length, opening);
            for (var i = 0; i < 4; i++)
            {
                await peer.SendAsync(FrameType.Data, 0, id, 60_000, new byte[60_000]);
            }
        }

        await peer.UntilAsync(header => header.Flags.HasFlag(FrameFlags.Rst));
        await peer.SendAsync(FrameType.Ping, FrameFlags.Syn, 0, 5);
        await peer.UntilAsync(header => header.Type == FrameType.Ping && header.Length == 5);

        Assert.InRange(host.Swarm.Buffered, 500_000, 1_000_000);
    }

    [Fact]
    public async Task Who_opens_and_resets_streams_in_a_flood_is_cut_and_leaves_nothing_behind()
    {
        await using var host = await TestHost.StartAsync(Limit);
        await using var honest = await TestHost.StartAsync(Limit);
        var connection = await honest.DialAsync(host, Limit);
        await using var peer = await HostilePeer.DialAsync(host, Limit);
        var reading = peer.UntilEndAsync();
        var failure = await Record.ExceptionAsync(async () =>
        {
            for (uint id = 1; ; id += 1000)
            {
                await peer.SendAsync([.. Enumerable.Range(0, 500).SelectMany(i => (byte[])[
                    .. RawPeer.Frame(FrameType.WindowUpdate, FrameFlags.Syn, id + (2 * (uint)i), 0),
                    .. RawPeer.Frame(FrameType.WindowUpdate, FrameFlags.Rst, id + (2 * (uint)i), 0)])]);
            }
        });

        Assert.IsAssignableFrom<IOException>(failure);
        Assert.True(await reading is null or FrameHeader.GoAwayViolation);
        await Eventually.BecomesAsync(() => host.Swarm.Connections.Count == 1 && host.Swarm.Buffered == 0, "nothing left", Limit);
        await HostTests.EchoAsync(connection, 100_000, Limit);
    }

    [Fact]
    public async Task Leave_to_write_is_not_granted_to_a_peer_that_writes_no_more()
    {
        await using var host = await TestHost.StartAsync(Limit);
        var read = new TaskCompletionSource<long>();
        host.Swarm.Handle("/sink/1.0.0", async (stream, _, token) =>
        {
            using var content = new MemoryStream();
            await stream.CopyToAsync(content, token);
            read.TrySetResult(content.Length);
            await Task.Delay(Timeout.Infinite, token);
        });
        await using var peer = await HostilePeer.DialAsync(host, Limit);
        var opening = "\x13/multistream/1.0.0\n\x0c/sink/1.0.0\n"u8.ToArray();
        await peer.SendAsync([
            .. RawPeer.Frame(FrameType.Data, FrameFlags.Syn, 1, (uint)opening.Length, opening),
            .. RawPeer.Frame(FrameType.Data, FrameFlags.Fin, 1, 200_000, new byte[200_000])]);
        Assert.Equal(200_000, await read.Task.WaitAsync(Limit));

        var updates = 0;
        for (uint ping = 1; ping <= 3; ping++)
        {
            await peer.SendAsync(FrameType.Ping, FrameFlags.Syn, 0, ping);
            await peer.UntilAsync(header =>
            {
                updates += header is { Type: FrameType.WindowUpdate, StreamId: 1, Flags: 0 } ? 1 : 0;
                return header.Type == FrameType.Ping && header.Length == ping;
            });
        }

        Assert.InRange(updates, 0, 1); // One may have gone out before the end was seen.
    }

    [Fact]
    public async Task A_silent_peer_is_asked_and_then_given_up()
    {
        var options = new SwarmOptions { KeepAliveInterval = TimeSpan.FromMilliseconds(200), KeepAliveTimeout = TimeSpan.FromMilliseconds(200) };
        await using var host = await TestHost.StartAsync(Limit, options);
        await using var peer = await HostilePeer.DialAsync(host, Limit);

        await peer.UntilAsync(header => header.Type == FrameType.Ping && header.Flags == FrameFlags.Syn);

        await Eventually.BecomesAsync(() => host.Swarm.Connections.Count == 0, "the end of the connection", Limit);
    }

    [Fact]
    public async Task A_stream_that_the_peer_leaves_half_open_is_cut_after_a_while()
    {
        var options = new SwarmOptions { LingerTimeout = TimeSpan.FromMilliseconds(200), KeepAliveTimeout = TimeSpan.FromMilliseconds(200) };
        await using var host = await TestHost.StartAsync(Limit, options);
        host.Swarm.Handle("/brief/1.0.0", (_, _, _) => Task.CompletedTask);
        await using var peer = await HostilePeer.DialAsync(host, Limit);
        var opening = "\x13/multistream/1.0.0\n\x0d/brief/1.0.0\n"u8.ToArray();

        await peer.SendAsync(FrameType.Data, FrameFlags.Syn, 1, (uint)opening.Length, opening);

        await peer.UntilAsync(header => header.StreamId == 1 && header.Flags.HasFlag(FrameFlags.Fin));
        await peer.UntilAsync(header => header.StreamId == 1 && header.Flags.HasFlag(FrameFlags.Rst));
    }
}
