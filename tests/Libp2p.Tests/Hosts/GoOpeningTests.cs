using System.Text;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Negotiation;
using Nitro.Libp2p.Noise;
using Nitro.Libp2p.Yamux;
using Xunit;

namespace Nitro.Libp2p.Tests.Hosts;

/// <summary>What go-libp2p puts on the wire, byte for byte, where it differs from others.</summary>
public sealed class GoOpeningTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task Simultaneous_connect_is_refused_and_Noise_follows()
    {
        await using var host = await TestHost.StartAsync(_limit.Token);
        using var socket = await Host.TcpTransport.DialAsync(host.Address, TimeSpan.FromSeconds(5), _limit.Token);
        await using var wire = new System.Net.Sockets.NetworkStream(socket);

        await wire.WriteAsync(
            Encoding.ASCII.GetBytes("\x13/multistream/1.0.0\n\x1d/libp2p/simultaneous-connect\n\x07/noise\n"), _limit.Token);

        var expected = Encoding.ASCII.GetBytes("\x13/multistream/1.0.0\n\x03na\n\x07/noise\n");
        var answer = new byte[expected.Length];
        await wire.ReadExactlyAsync(answer, _limit.Token);
        Assert.Equal(expected, answer);
        var credentials = await NoiseCredentials.CreateAsync(
            new Secp256k1Identity(Enumerable.Repeat((byte)1, 32).ToArray()), X25519Key.Random(), [YamuxSession.Protocol], _limit.Token);
        var outcome = await NoiseHandshake.DialAsync(wire, credentials, host.Peer, [YamuxSession.Protocol], host.Swarm.Options, _limit.Token);
        Assert.Equal(YamuxSession.Protocol, outcome.Muxer);
    }

    [Fact]
    public async Task A_message_in_one_write_with_its_negotiation_and_its_end_is_delivered()
    {
        await using var host = await TestHost.StartAsync(_limit.Token);
        var received = new TaskCompletionSource<string>();
        host.Swarm.Handle("/nitro/msg/1.0.0", async (stream, _, token) =>
        {
            using var reader = new StreamReader(stream);
            received.TrySetResult((await reader.ReadLineAsync(token))!);
        });
        await using var peer = await HostilePeer.DialAsync(host, _limit.Token);

        // Window update with SYN, one data frame with everything in it, FIN; go forgets the stream and reads nothing.
        var line = Encoding.ASCII.GetBytes("\x13/multistream/1.0.0\n\x11/nitro/msg/1.0.0\n{\"To\":\"0x1\"}\n");
        await peer.SendAsync([
            .. RawPeer.Frame(FrameType.WindowUpdate, FrameFlags.Syn, 1, 0),
            .. RawPeer.Frame(FrameType.Data, 0, 1, (uint)line.Length, line),
            .. RawPeer.Frame(FrameType.WindowUpdate, FrameFlags.Fin, 1, 0)]);

        Assert.Equal("{\"To\":\"0x1\"}", await received.Task.WaitAsync(_limit.Token));
        await peer.UntilAsync(header => header.StreamId == 1 && header.Flags.HasFlag(FrameFlags.Fin));
    }

    [Fact]
    public async Task A_reset_instead_of_a_goodbye_is_an_end_like_any_other()
    {
        await using var host = await TestHost.StartAsync(_limit.Token);
        var (socket, channel) = await HostilePeer.UpgradeAsync(host, _limit.Token);
        await Eventually.BecomesAsync(() => host.Swarm.Connections.Count == 1, "the connection", _limit.Token);

        socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
        await channel.DisposeAsync();

        await Eventually.BecomesAsync(() => host.Swarm.Connections.Count == 0, "its end", _limit.Token);
    }
}
