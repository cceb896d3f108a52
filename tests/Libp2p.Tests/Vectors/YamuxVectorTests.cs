using System.Text.Json;
using Nitro.Libp2p.Yamux;
using Xunit;

namespace Nitro.Libp2p.Tests.Vectors;

public sealed class YamuxVectorTests
{
    [Fact]
    public void Vector_frames_are_read_and_written() => VectorFile.ForEach("yamux-frames", vector =>
    {
        var payload = vector.Bytes("payload");
        var bytes = RawPeer.Frame(
            (FrameType)vector.GetProperty("type").GetByte(), (FrameFlags)vector.GetProperty("flags").GetUInt16(),
            vector.GetProperty("streamId").GetUInt32(), vector.GetProperty("length").GetUInt32(), payload);
        Assert.Equal(vector.Text("bytes"), Convert.ToHexStringLower(bytes));

        var reader = new FrameReader();
        ReadOnlySpan<byte> chunk = bytes;
        Assert.True(reader.TryStep(ref chunk, out var isHeader, out _));
        Assert.True(isHeader);
        Assert.Equal(bytes[..12], RawPeer.Frame(reader.Header.Type, reader.Header.Flags, reader.Header.StreamId, reader.Header.Length));
        Assert.Equal(payload.Length > 0, reader.TryStep(ref chunk, out _, out var piece));
        Assert.Equal(payload, piece.ToArray());
    });

    [Fact]
    public Task Vector_sessions_behave() => VectorFile.ForEachAsync("yamux-sessions", PlayAsync);

    private static async Task PlayAsync(JsonElement vector)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var (dialer, listener) = await Loopback.ConnectSecretAsync(limit.Token);
        var isClient = vector.Text("localRole") == "client";
        var accepted = new TaskCompletionSource<YamuxStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        var session = new YamuxSession(
            isClient ? dialer : listener, isClient, new SwarmOptions(), new ByteBudget(long.MaxValue), stream => accepted.TrySetResult(stream));
        await using var peer = new RawPeer(isClient ? listener : dialer, limit.Token);
        var running = session.RunAsync();
        foreach (var step in vector.GetProperty("steps").EnumerateArray())
        {
            await StepAsync(vector, peer, step, accepted.Task);
        }

        var expected = vector.Text("expect");
        if (vector.Text("name") is "go-away-then-open")
        {
            await peer.SendAsync(FrameType.Ping, FrameFlags.Syn, 0, 5);
            await peer.UntilAsync(header => header.Type == FrameType.Ping);
            Assert.Throws<Libp2pException>(session.Open);
        }

        if (expected.Contains("error", StringComparison.Ordinal) || expected.Contains("closed", StringComparison.Ordinal))
        {
            Assert.Equal(FrameHeader.GoAwayViolation, await peer.UntilEndAsync());
            Assert.Equal(Libp2pError.Violation, (await running).Error);
        }
        else
        {
            await peer.SendAsync(FrameType.Ping, FrameFlags.Syn, 0, 99);
            Assert.Equal(99u, (await peer.UntilAsync(header => header.Type == FrameType.Ping)).Header.Length);
            session.End(new Libp2pException(Libp2pError.Disconnected, "The test is over."));
            await running;
        }
    }

    private static async Task StepAsync(JsonElement vector, RawPeer peer, JsonElement step, Task<YamuxStream> accepted)
    {
        if (step.Has("recv"))
        {
            await peer.SendAsync(step.Text("recv"));
            if (vector.Text("name") == "receiver-window-update")
            {
                await peer.UntilAsync(header => header.Flags.HasFlag(FrameFlags.Ack)); // Else both may come in one frame.
            }
        }
        else if (step.Has("recvDataFrames"))
        {
            var frames = step.GetProperty("recvDataFrames");
            var (total, largest) = (frames.GetProperty("totalBytes").GetInt32(), frames.GetProperty("maxFrame").GetInt32());
            for (var sent = 0; sent < total; sent += largest)
            {
                var count = Math.Min(largest, total - sent);
                await peer.SendAsync(FrameType.Data, 0, frames.GetProperty("streamId").GetUInt32(), (uint)count, new byte[count]);
            }
        }
        else
        {
            if (step.Text("send").StartsWith("0001", StringComparison.Ordinal))
            {
                var half = new byte[131072];
                await (await accepted).ReadExactlyAsync(half);
            }

            var wanted = step.Text("send");
            var frame = await peer.UntilAsync(header => !header.Flags.HasFlag(FrameFlags.Ack) || header.Type == FrameType.Ping);
            Assert.Equal(wanted, Convert.ToHexStringLower(RawPeer.Frame(frame.Header.Type, frame.Header.Flags, frame.Header.StreamId, frame.Header.Length)));
        }
    }
}
