using System.Text.Json;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Negotiation;
using Nitro.Libp2p.Noise;
using Nitro.Libp2p.Yamux;
using Xunit;

namespace Nitro.Libp2p.Tests.Vectors;

/// <summary>Whole connections between two js-libp2p nodes, taken apart by the same code that speaks.</summary>
public sealed class RecordingVectorTests
{
    private static readonly SwarmOptions Options = new();

    [Fact]
    public Task Vector_recorded_connections_decode() => VectorFile.ForEachAsync("connection-recordings", DecodeAsync);

    private static async Task DecodeAsync(JsonElement vector)
    {
        var forward = new ScriptedStream(vector.Bytes("rawDialerToListener"), 1460);
        var back = new ScriptedStream(vector.Bytes("rawListenerToDialer"), 1460);
        var security = vector.GetProperty("securityNegotiation");
        await CheckTokensAsync(forward, security.Texts("dialer"));
        await CheckTokensAsync(back, security.Texts("listener"));

        var (forwardKey, backKey) = await HandshakeAsync(vector, forward, back);
        await using var secretForward = new NoiseChannel(forward, Aead.Create(forwardKey), Aead.Create(forwardKey));
        await using var secretBack = new NoiseChannel(back, Aead.Create(backKey), Aead.Create(backKey));
        if (vector.Has("muxerNegotiation"))
        {
            var muxer = vector.GetProperty("muxerNegotiation");
            await CheckTokensAsync(secretForward, muxer.Texts("dialer"));
            await CheckTokensAsync(secretBack, muxer.Texts("listener"));
        }

        var sent = await FramesAsync(secretForward, vector.GetProperty("yamuxFramesDialerToListener"));
        var received = await FramesAsync(secretBack, vector.GetProperty("yamuxFramesListenerToDialer"));
        foreach (var stream in vector.GetProperty("streams").EnumerateArray())
        {
            var id = stream.GetProperty("streamId").GetUInt32();
            foreach (var (bytes, name) in (IEnumerable<(byte[], string)>)[(sent[id], "dialerToListener"), (received[id], "listenerToDialer")])
            {
                var content = new ScriptedStream(bytes);
                while (await Multistream.ReadTokenAsync(content, Options, CancellationToken.None) != stream.Text("protocol"))
                {
                }

                Assert.Equal(Expected(stream.GetProperty(name)), Convert.ToHexStringLower(content.Rest));
            }
        }
    }

    // Long contents are described: ten blocks of equal bytes, 0 to 9.
    private static string Expected(JsonElement content) => content.ValueKind == JsonValueKind.String
        ? content.GetString()!
        : string.Concat(Enumerable.Range(0, 10).Select(block => string.Concat(Enumerable.Repeat($"{block:x2}", content.GetProperty("length").GetInt32() / 10))));

    private static async Task<(byte[] Forward, byte[] Back)> HandshakeAsync(JsonElement vector, ScriptedStream forward, ScriptedStream back)
    {
        JsonElement dialer = vector.GetProperty("dialer"), listener = vector.GetProperty("listener");
        using var initiator = Side(dialer);
        using var responder = Side(listener);
        byte[] a = await MessageAsync(forward), b = await MessageAsync(back), c = await MessageAsync(forward);
        Assert.Equal(a, initiator.WriteA());
        responder.ReadA(a);
        Assert.Equal(b, responder.WriteB(vector.Bytes("noisePayloadListener")));
        Check(initiator.ReadB(b), initiator.TheirStatic, listener);
        Assert.Equal(c, initiator.WriteC(vector.Bytes("noisePayloadDialer")));
        Check(responder.ReadC(c), responder.TheirStatic, dialer);
        return initiator.State.Split();
    }

    private static void Check(byte[] payload, byte[] staticKey, JsonElement side)
    {
        var (key, _) = NoiseCredentials.Check(payload, staticKey);
        Assert.Equal(side.Text("peerId"), PeerId.Of(key).ToString());
    }

    private static NoiseXx Side(JsonElement side) =>
        new(new X25519Key(side.Bytes("noiseStaticPrivate")), new X25519Key(side.Bytes("noiseEphemeralPrivate")));

    private static async Task<byte[]> MessageAsync(ScriptedStream stream)
    {
        var head = new byte[2];
        await stream.ReadExactlyAsync(head);
        var message = new byte[(head[0] << 8) | head[1]];
        await stream.ReadExactlyAsync(message);
        return message;
    }

    private static async Task CheckTokensAsync(Stream stream, string[] tokens)
    {
        foreach (var token in tokens)
        {
            Assert.Equal(token, await Multistream.ReadTokenAsync(stream, Options, CancellationToken.None));
        }
    }

    // Every frame against the recording; gives back the bytes of each stream.
    private static async Task<Dictionary<uint, byte[]>> FramesAsync(NoiseChannel channel, JsonElement expected)
    {
        var peer = new RawPeer(channel, CancellationToken.None);
        var streams = new Dictionary<uint, byte[]>();
        foreach (var frame in expected.EnumerateArray())
        {
            var (header, payload) = (await peer.ReceiveAsync())!.Value;
            var wanted = new FrameHeader(
                (FrameType)frame.GetProperty("type").GetByte(), (FrameFlags)frame.GetProperty("flags").GetUInt16(),
                frame.GetProperty("streamId").GetUInt32(), frame.GetProperty("length").GetUInt32());
            Assert.Equal(wanted, header);
            streams[header.StreamId] = [.. streams.GetValueOrDefault(header.StreamId, []), .. payload];
        }

        Assert.Null(await peer.ReceiveAsync());
        return streams;
    }
}
