using System.Text.Json;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Noise;
using Xunit;

namespace Nitro.Libp2p.Tests.Vectors;

public sealed class NoiseVectorTests
{
    [Fact]
    public void Vector_handshakes_give_the_same_messages_states_and_keys() => VectorFile.ForEach("noise-xx", vector =>
    {
        using var initiator = Side(vector.GetProperty("initiator"));
        using var responder = Side(vector.GetProperty("responder"));
        CheckState(vector, "init", initiator, responder);
        var a = initiator.WriteA();
        Assert.Equal(vector.Text("messageA"), Framed(a));
        responder.ReadA(a);
        CheckState(vector, "A", initiator, responder);

        var payload = vector.GetProperty("responder").Bytes("payload");
        var b = responder.WriteB(payload);
        Assert.Equal(vector.Text("messageB"), Framed(b));
        Assert.Equal(payload, initiator.ReadB(b));
        CheckState(vector, "B", initiator, responder);

        payload = vector.GetProperty("initiator").Bytes("payload");
        var c = initiator.WriteC(payload);
        Assert.Equal(vector.Text("messageC"), Framed(c));
        Assert.Equal(payload, responder.ReadC(c));
        CheckState(vector, "C", initiator, responder);

        Assert.Equal(vector.Text("handshakeHash"), Convert.ToHexStringLower(initiator.State.Hash));
        var (forward, back) = responder.State.Split();
        Assert.Equal(vector.Text("keyInitiatorToResponder"), Convert.ToHexStringLower(forward));
        Assert.Equal(vector.Text("keyResponderToInitiator"), Convert.ToHexStringLower(back));
    });

    [Fact]
    public Task Vector_payloads_are_ours_and_are_accepted() => VectorFile.ForEachAsync("noise-xx", async vector =>
    {
        IReadOnlyList<string>[] lists = [[], []];
        foreach (var (name, index) in (IEnumerable<(string, int)>)[("initiator", 0), ("responder", 1)])
        {
            var side = vector.GetProperty(name);
            var staticKey = new X25519Key(side.Bytes("staticPrivate"));
            IIdentity identity = side.Text("identityType") == "secp256k1"
                ? new Secp256k1Identity(side.Bytes("identityPrivateKey"))
                : new Ed25519Identity(side.Bytes("identityPrivateKey").AsSpan(0, 32));
            var muxers = side.Texts("muxers");
            if (muxers.Length > 0)
            {
                var ours = await NoiseCredentials.CreateAsync(identity, staticKey, muxers, CancellationToken.None);
                Assert.Equal(side.Text("payload"), Convert.ToHexStringLower(ours.Payload));
            }

            var (key, listed) = NoiseCredentials.Check(side.Bytes("payload"), side.Bytes("staticPublic"));
            Assert.Equal(side.Text("peerId"), PeerId.Of(key).ToString());
            Assert.Equal(muxers, listed);
            lists[index] = listed;
        }

        Assert.Equal(vector.TextOrNull("negotiatedMuxer"), NoiseHandshake.Choose(lists[0], lists[1]));
    });

    [Fact]
    public Task Vector_transport_frames_are_sealed_and_opened() => VectorFile.ForEachAsync("noise-xx", async vector =>
    {
        foreach (var (direction, name) in (IEnumerable<(string, string)>)[("i2r", "keyInitiatorToResponder"), ("r2i", "keyResponderToInitiator")])
        {
            var frames = vector.GetProperty("transport").EnumerateArray().Where(frame => frame.Text("dir") == direction).ToArray();
            foreach (var makes in (Func<byte[], Aead>[])[key => new PlatformAead(key), key => new ManagedAead(key)])
            {
                var wire = new ScriptedStream([.. frames.SelectMany(frame => frame.Bytes("frame"))], 1000);
                using var channel = new NoiseChannel(wire, makes(vector.Bytes(name)), makes(vector.Bytes(name)));
                foreach (var frame in frames)
                {
                    var plain = frame.Bytes("plaintext");
                    await channel.WriteAsync(plain);
                    if (plain.Length > 0)
                    {
                        var chunk = await channel.ReadChunkAsync(CancellationToken.None);
                        Assert.Equal(plain, chunk.ToArray());
                    }
                }

                Assert.True((await channel.ReadChunkAsync(CancellationToken.None)).IsEmpty);
                var sent = frames.Where(frame => frame.Text("plaintext").Length > 0).ToArray();
                if (sent.Length == frames.Length)
                {
                    Assert.Equal(string.Concat(frames.Select(frame => frame.Text("frame"))), Convert.ToHexStringLower(wire.Written));
                }
            }
        }
    });

    [Fact]
    public void Vector_bad_handshakes_are_refused() => VectorFile.ForEach("noise-negative", vector =>
    {
        var message = vector.Text("readAs") == "initiator" ? "messageB" : vector.Has("messageC") ? "messageC" : "messageA";
        var failure = Assert.Throws<Libp2pException>(() => Refuse(vector, vector.Bytes(message)[2..], message));
        var expected = vector.Text("name") switch
        {
            "A-short" => Libp2pError.Malformed,
            "B-peer-id-mismatch" => Libp2pError.WrongPeer,
            _ => Libp2pError.NotAuthentic,
        };
        Assert.Equal(expected, failure.Error);
    });

    private static void Refuse(JsonElement vector, byte[] bad, string name)
    {
        if (name == "messageB")
        {
            using var initiator = vector.Has("base") ? Side(vector.GetProperty("base").GetProperty("initiator")) : new NoiseXx(
                new X25519Key(vector.Bytes("initiatorStaticPrivate")), new X25519Key(vector.Bytes("initiatorEphemeralPrivate")));
            initiator.WriteA();
            var (key, _) = NoiseCredentials.Check(initiator.ReadB(bad), initiator.TheirStatic);
            NoiseHandshake.Expect(vector.TextOrNull("dialedPeerId") is { } dialed ? PeerId.Parse(dialed) : null, key);
            return;
        }

        using var responder = Side(vector.GetProperty("base").GetProperty("responder"));
        responder.ReadA(name == "messageA" ? bad : vector.GetProperty("base").Bytes("messageA")[2..]);
        responder.WriteB(vector.GetProperty("base").GetProperty("responder").Bytes("payload"));
        responder.ReadC(bad);
    }

    private static NoiseXx Side(JsonElement side) => new(new X25519Key(side.Bytes("staticPrivate")), new X25519Key(side.Bytes("ephemeralPrivate")));

    private static string Framed(byte[] message) => $"{message.Length:x4}{Convert.ToHexStringLower(message)}";

    private static void CheckState(JsonElement vector, string after, NoiseXx initiator, NoiseXx responder)
    {
        var expected = vector.GetProperty("states").EnumerateArray().Single(state => state.Text("after") == after);
        foreach (var state in (SymmetricState[])[initiator.State, responder.State])
        {
            Assert.Equal(expected.Text("h"), Convert.ToHexStringLower(state.Hash));
            Assert.Equal(expected.Text("ck"), Convert.ToHexStringLower(state.Chain));
            Assert.Equal(expected.TextOrNull("k"), state.Key is { } key ? Convert.ToHexStringLower(key) : null);
            Assert.Equal((ulong)expected.GetProperty("n").GetInt64(), state.Nonce);
        }
    }
}
