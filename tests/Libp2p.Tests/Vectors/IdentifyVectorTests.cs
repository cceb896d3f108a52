using System.Globalization;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Bytes;
using Nitro.Libp2p.Identify;
using Nitro.Libp2p.Identity;
using Xunit;

namespace Nitro.Libp2p.Tests.Vectors;

public sealed class IdentifyVectorTests
{
    [Fact]
    public Task Vector_descriptions_are_read_and_written() => VectorFile.ForEachAsync("identify", async vector =>
    {
        var fields = vector.GetProperty("fields");
        var key = fields.Has("publicKey") && PublicKey.TryParse(fields.Bytes("publicKey"), out var named)
            ? named
            : new Ed25519Identity(new byte[32]).PublicKey;
        var framed = new ScriptedStream(vector.Bytes("framed"));
        var message = await Delimited.ReadAsync(framed, 8192, CancellationToken.None);
        Assert.Equal(vector.Bytes("message"), message);

        var description = IdentifyMessage.Read([message!], key, 128);
        Assert.Equal(fields.Texts("listenAddrs"), description.Addresses.Select(address => address.ToString()));
        Assert.Equal(fields.Texts("protocols"), description.Protocols);
        Assert.Equal(fields.TextOrNull("observedAddr"), description.Observed?.ToString());
        Assert.Equal(fields.TextOrNull("protocolVersion") ?? "", description.ProtocolVersion);
        Assert.Equal(fields.TextOrNull("agentVersion") ?? "", description.AgentVersion);
        if (fields.Has("publicKey") && !fields.Has("signedPeerRecord"))
        {
            Assert.Equal(vector.Text("message"), Convert.ToHexStringLower(IdentifyMessage.Write(description, key)));
        }
    });

    [Fact]
    public Task Vector_signed_peer_records_are_sealed_and_opened() => VectorFile.ForEachAsync("signed-peer-record", async vector =>
    {
        Assert.Equal(vector.Flag("valid"), SignedPeerRecord.TryOpen(vector.Bytes("envelope"), out var record));
        if (!vector.Flag("valid"))
        {
            return;
        }

        Assert.Equal(vector.Text("peerId"), record!.Peer.ToString());
        Assert.Equal(ulong.Parse(vector.Text("seq"), CultureInfo.InvariantCulture), record.Sequence);
        Assert.Equal(vector.Texts("addrs"), record.Addresses.Select(address => address.ToString()));
        Assert.Equal(vector.Text("signedBytes"), Convert.ToHexStringLower(SignedPeerRecord.SignedBytes(vector.Bytes("peerRecord"))));
        var made = new SignedPeerRecord(record.Peer, record.Sequence, [.. vector.Texts("addrs").Select(Multiaddr.Parse)]);
        Assert.Equal(
            vector.Text("envelope"),
            Convert.ToHexStringLower(await made.SealAsync(IdentityVectorTests.Identify(vector), CancellationToken.None)));
    });
}
