using System.Security.Cryptography;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Tests.Vectors;
using Nitro.Secp256k1;
using Xunit;

namespace Nitro.Libp2p.Tests.Identity;

/// <summary>What peers' keys ask of the curve, of both its implementations.</summary>
public sealed class CurveTests
{
    private static readonly byte[] Order = Convert.FromHexString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

    public static TheoryData<ICurve> Curves() => new([Curve.Managed, Curve.Default]);

    [Theory]
    [MemberData(nameof(Curves))]
    public void Signatures_verify_in_both_halves_and_under_their_own_key_alone(ICurve curve)
    {
        var other = Compressed(curve, RandomNumberGenerator.GetBytes(32));
        for (var i = 0; i < 50; i++)
        {
            byte[] key = RandomNumberGenerator.GetBytes(32), hash = RandomNumberGenerator.GetBytes(32), signature = new byte[65];
            Assert.True(curve.TrySign(hash, key, signature));
            var point = Compressed(curve, key);

            Assert.True(curve.TryVerify(hash, signature.AsSpan(0, 64), point));
            Assert.True(curve.TryVerify(hash, Mirrored(signature), point));
            Assert.False(curve.TryVerify(hash, signature.AsSpan(0, 64), other));
            hash[31] ^= 1;
            Assert.False(curve.TryVerify(hash, signature.AsSpan(0, 64), point));
        }
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Points_are_decompressed_and_give_their_addresses(ICurve curve)
    {
        for (var i = 0; i < 50; i++)
        {
            byte[] key = RandomNumberGenerator.GetBytes(32), point = new byte[65], back = new byte[65], address = new byte[20], same = new byte[20];
            Assert.True(curve.TryGetPublicKey(key, point));
            Assert.True(curve.TryDecompress(Compressed(curve, key), back));
            Assert.Equal(point, back);
            Assert.True(curve.TryGetAddress(key, address));
            Assert.True(curve.TryGetPublicKeyAddress(Compressed(curve, key), same));
            Assert.Equal(address, same);
        }
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void What_is_no_point_and_what_is_no_signature_is_refused(ICurve curve)
    {
        var point = Compressed(curve, RandomNumberGenerator.GetBytes(32));
        byte[][] none =
        [
            [], point[..32], [.. point, 0], [4, .. point[1..]], [2, .. Enumerable.Repeat((byte)0xff, 32)],
            [2, .. new byte[31], 5], // x = 5 has no y.
        ];
        foreach (var bytes in none)
        {
            Assert.False(curve.TryDecompress(bytes, new byte[65]));
            Assert.False(curve.TryVerify(new byte[32], [.. new byte[31], 1, .. new byte[31], 1], bytes));
        }

        byte[] one = [.. new byte[31], 1];
        byte[][] signatures = [[], [.. new byte[32], .. one], [.. one, .. new byte[32]], [.. Order, .. one], [.. one, .. Order]];
        foreach (var signature in signatures)
        {
            Assert.False(curve.TryVerify(one, signature, point));
        }

        Assert.False(curve.TryDecompress(point, new byte[64]));
        Assert.False(curve.TryVerify(new byte[31], [.. one, .. one], point));
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Vector_signatures_are_judged_alike(ICurve curve) => VectorFile.ForEach("identity-signatures", vector =>
    {
        if (vector.Text("keyType") == "secp256k1")
        {
            var compact = new byte[64];
            var read = DerSignature.TryRead(vector.Bytes("signature"), compact);
            var valid = read && curve.TryVerify(SHA256.HashData(vector.Bytes("message")), compact, vector.Bytes("publicKeyProtobuf").AsSpan(4));
            Assert.Equal(vector.Flag("valid"), valid);
        }
    });

    [Fact]
    public void Signatures_are_written_as_DER_and_read_back_and_nothing_else_is_read()
    {
        byte[][] values = [[.. new byte[31], 1], [.. new byte[31], 0x80], Enumerable.Repeat((byte)0xff, 32).ToArray(), [0x7f, .. new byte[31]]];
        foreach (var r in values)
        {
            foreach (var s in values)
            {
                var der = DerSignature.Write([.. r, .. s]);
                var back = new byte[64];
                Assert.True(DerSignature.TryRead(der, back));
                Assert.Equal([.. r, .. s], back);
                Assert.False(DerSignature.TryRead([.. der, 0], back));
                Assert.False(DerSignature.TryRead(der.AsSpan(0, der.Length - 1), back));
            }
        }

        // A zero too many, a negative number, an empty one.
        Assert.False(DerSignature.TryRead(Convert.FromHexString("3007020200010201" + "01"), new byte[64]));
        Assert.False(DerSignature.TryRead(Convert.FromHexString("3006020181020101"), new byte[64]));
        Assert.False(DerSignature.TryRead(Convert.FromHexString("30060200020201" + "01"), new byte[64]));
    }

    private static byte[] Compressed(ICurve curve, byte[] key)
    {
        var point = new byte[65];
        Assert.True(curve.TryGetPublicKey(key, point));
        return [(byte)(2 + (point[64] & 1)), .. point[1..33]];
    }

    // s becomes n - s: the other of the two that fit.
    private static byte[] Mirrored(byte[] signature)
    {
        var mirrored = signature[..64];
        var borrow = 0;
        for (var i = 31; i >= 0; i--)
        {
            var digit = Order[i] - signature[32 + i] - borrow;
            borrow = digit < 0 ? 1 : 0;
            mirrored[32 + i] = (byte)digit;
        }

        return mirrored;
    }
}
