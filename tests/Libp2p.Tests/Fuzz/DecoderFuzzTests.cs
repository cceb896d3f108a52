using System.Text;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Identify;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Kademlia;
using Nitro.Libp2p.Negotiation;
using Nitro.Libp2p.Noise;
using Nitro.Libp2p.Records;
using Nitro.Libp2p.Tests.Vectors;
using Nitro.Libp2p.Yamux;
using Xunit;

namespace Nitro.Libp2p.Tests.Fuzz;

/// <summary>
/// Every decoder takes 100,000 inputs, half random and half sound ones with a few bytes changed: it reads them or refuses
/// them, in the one way it has to refuse.
/// </summary>
public sealed class DecoderFuzzTests
{
    private const int Inputs = 100_000;

    private static readonly SwarmOptions Options = new();
    private static readonly PublicKey Key = new Ed25519Identity(new byte[32]).PublicKey;

    [Fact]
    public Task Peer_ids() => Run(Vectors("peer-ids", "peerIdBytes"), bytes =>
    {
        if (PeerId.TryParse(bytes, out var id))
        {
            id.TryGetPublicKey(out _);
            Assert.Equal(id, PeerId.Parse(id.ToString()));
        }
    });

    [Fact]
    public Task Peer_ids_as_text() => Run(Texts("peer-ids", "peerId", "peerIdCidBase32", "peerIdCidBase36"), bytes =>
        PeerId.TryParse(Encoding.Latin1.GetString(bytes).AsSpan(), out _));

    [Fact]
    public Task Public_keys() => Run(Vectors("peer-ids", "publicKeyProtobuf"), bytes => PublicKey.TryParse(bytes, out _));

    [Fact]
    public async Task Signatures()
    {
        Assert.True(PublicKey.TryParse(VectorFile.Cases("identity-signatures")[0].Bytes("publicKeyProtobuf"), out var key));
        await Run(Vectors("identity-signatures", "signature"), bytes => Assert.False(key.Verify("something else"u8, bytes)));
    }

    [Fact]
    public Task Multiaddrs() => Run(Vectors("multiaddr", "bytes"), bytes =>
    {
        if (Multiaddr.TryParse(bytes, out var address))
        {
            Assert.True(Multiaddr.TryParse(address.ToString(), out _), address.ToString());
        }
    });

    [Fact]
    public Task Multiaddrs_as_text() => Run(Texts("multiaddr", "text"), bytes => Multiaddr.TryParse(Encoding.Latin1.GetString(bytes), out _));

    [Fact]
    public Task Negotiations() => RunAsync(Vectors("multistream", "dialerBytes"), async bytes =>
        await Multistream.ListenAsync(new ScriptedStream(bytes), name => name == "/noise", () => ["/noise"], Options, CancellationToken.None));

    [Fact]
    public async Task Handshake_messages()
    {
        var vector = VectorFile.Cases("noise-xx")[0].GetProperty("responder");
        var (staticKey, ephemeral) = (new X25519Key(vector.Bytes("staticPrivate")), new X25519Key(vector.Bytes("ephemeralPrivate")));
        await Run(Vectors("noise-xx", "messageA"), bytes =>
        {
            using var noise = new NoiseXx(staticKey, ephemeral);
            noise.ReadA(bytes);
        });

        await Run(Vectors("noise-xx", "messageB"), bytes =>
        {
            using var noise = new NoiseXx(staticKey, ephemeral);
            noise.WriteA();
            noise.ReadB(bytes);
        });
    }

    [Fact]
    public Task Handshake_payloads() =>
        Run([.. VectorFile.Cases("noise-xx").Select(vector => vector.GetProperty("initiator").Bytes("payload"))], bytes => NoiseCredentials.Check(bytes, new byte[32]));

    [Fact]
    public Task Noise_frames() => RunAsync([[0, 20, .. new byte[20]]], async bytes =>
    {
        using var channel = new NoiseChannel(new ScriptedStream(bytes), Aead.Create(new byte[32]), Aead.Create(new byte[32]));
        while (!(await channel.ReadChunkAsync(CancellationToken.None)).IsEmpty)
        {
        }
    });

    [Fact]
    public Task Yamux_frames() => Run(Vectors("yamux-frames", "bytes"), bytes =>
    {
        var reader = new FrameReader();
        ReadOnlySpan<byte> chunk = bytes;
        while (reader.TryStep(ref chunk, out _, out _))
        {
        }
    });

    [Fact]
    public Task Descriptions() => Run(Vectors("identify", "message"), bytes => IdentifyMessage.Read([bytes], Key, 128));

    [Fact]
    public Task Signed_peer_records() => Run(Vectors("signed-peer-record", "envelope"), bytes => SignedPeerRecord.TryOpen(bytes, out _));

    [Fact]
    public Task Hash_table_messages() => Run(Vectors("kad-messages", "message"), bytes =>
    {
        foreach (var contact in KadWire.Contacts(KadWire.Parse(bytes), new KadOptions()))
        {
            Assert.NotNull(contact.Peer);
        }
    });

    [Fact]
    public async Task Address_records()
    {
        var validator = new AddressRecordValidator();
        var key = Encoding.ASCII.GetBytes("/scaddr/0xAAA6628Ec44A8a742987EF3A114dDFE2D4F7aDCE");
        await Run(Vectors("scaddr-records", "value"), bytes => validator.IsValid(key, bytes, DateTimeOffset.UnixEpoch.AddYears(60)));
    }

    [Fact]
    public Task Delimited_messages() => RunAsync(Vectors("kad-messages", "framed"), async bytes =>
        await Delimited.ReadAsync(new ScriptedStream(bytes), 4096, CancellationToken.None));

    [Fact]
    public Task Lines() => RunAsync(Vectors("nitro-streams", "bytes"), async bytes =>
    {
        await Line.ReadAsync(new ScriptedStream(bytes), 1000, CancellationToken.None);
        await Line.ReadOneAsync(new ScriptedStream(bytes), 1000, CancellationToken.None);
    });

    private static byte[][] Vectors(string file, string field) =>
        [.. VectorFile.Cases(file).Where(vector => vector.Has(field)).Select(vector => vector.Bytes(field)).Where(bytes => bytes.Length < 5000)];

    private static byte[][] Texts(string file, params string[] fields) =>
        [.. from vector in VectorFile.Cases(file) from field in fields where vector.Has(field) select Encoding.Latin1.GetBytes(vector.Text(field))];

    private static Task Run(byte[][] sound, Action<byte[]> decode, int inputs = Inputs) =>
        RunAsync(sound, bytes =>
        {
            decode(bytes);
            return Task.CompletedTask;
        }, inputs);

    private static async Task RunAsync(byte[][] sound, Func<byte[], Task> decode, int inputs = Inputs)
    {
        Assert.NotEmpty(sound);
        var random = new Random(20_241_122);
        for (var i = 0; i < inputs; i++)
        {
            var input = i % 2 == 0 ? Noise(random) : Mutate(sound[random.Next(sound.Length)], random);
            try
            {
                await decode(input);
            }
            catch (Libp2pException)
            {
                // Refused.
            }
            catch (Exception e)
            {
                Assert.Fail($"{Convert.ToHexStringLower(input)}: {e}");
            }
        }
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(80)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Mutate(byte[] sound, Random random)
    {
        var bytes = sound.ToList();
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveAt(at);
                    break;
                case 3:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
