using System.Text.Json;
using Nitro.Libp2p.Identity;
using Nitro.Secp256k1;
using Xunit;

namespace Nitro.Libp2p.Tests.Vectors;

public sealed class IdentityVectorTests
{
    [Fact]
    public void Vector_peer_ids_follow_from_keys() => VectorFile.ForEach("peer-ids", vector =>
    {
        var message = vector.Bytes("publicKeyProtobuf");
        Assert.True(PublicKey.TryParse(message, out var key));
        Assert.Equal(vector.Text("keyType"), key.Type.ToString().ToLowerInvariant());
        if (vector.Has("privateKey"))
        {
            var identity = Identify(vector);
            Assert.Equal(message, identity.PublicKey.Message.ToArray());
            Assert.Equal(vector.Bytes("publicKeyRaw"), identity.PublicKey.Raw.ToArray());
        }

        var id = PeerId.Of(key);
        Assert.Equal(vector.Bytes("peerIdBytes"), id.Bytes.ToArray());
        Assert.Equal(vector.Text("peerId"), id.ToString());
        foreach (var name in (string[])["peerId", "peerIdCidBase32", "peerIdCidBase36"])
        {
            if (vector.TextOrNull(name) is { } text)
            {
                Assert.Equal(id, PeerId.Parse(text));
            }
        }

        Assert.True(id.TryGetPublicKey(out var inside));
        Assert.Equal(message, inside.Message.ToArray());
        if (vector.TextOrNull("stateChannelAddress") is { } address && key.Type == KeyType.Secp256k1)
        {
            var bytes = new byte[20];
            Assert.True(Curve.Default.TryGetPublicKeyAddress(key.Raw, bytes));
            Assert.Equal(address, "0x" + Convert.ToHexStringLower(bytes), ignoreCase: true);
        }
    });

    [Fact]
    public void Vector_peer_id_texts_are_read_or_refused() => VectorFile.ForEach("peer-id-parse", vector =>
    {
        Assert.Equal(!vector.Flag("error"), PeerId.TryParse(vector.Text("text").AsSpan(), out var id));
        Assert.Equal(vector.TextOrNull("bytes"), id is null ? null : Convert.ToHexStringLower(id.Bytes.Span));
    });

    [Fact]
    public Task Vector_signatures_are_the_same_bytes_and_verify() => VectorFile.ForEachAsync("identity-signatures", async vector =>
    {
        var message = vector.Bytes("message");
        Assert.True(PublicKey.TryParse(vector.Bytes("publicKeyProtobuf"), out var key));
        Assert.Equal(vector.Flag("valid"), key.Verify(message, vector.Bytes("signature")));
        if (vector.Has("privateKey"))
        {
            var signature = await Identify(vector).SignAsync(message, CancellationToken.None);
            Assert.Equal(vector.Text("signature"), Convert.ToHexStringLower(signature));
        }
    });

    internal static IIdentity Identify(JsonElement vector) => vector.Text("keyType") == "secp256k1"
        ? new Secp256k1Identity(vector.Bytes("privateKey"))
        : new Ed25519Identity(vector.Bytes("privateKey").AsSpan(0, 32));
}
