using System.Numerics;
using Nitro.Secp256k1;
using Xunit;

namespace Nitro.Shell.Tests.Secp256k1;

/// <summary>Each law runs on the managed code, and on libsecp256k1 where this machine has it.</summary>
public sealed class CurveTests
{
    private const string Order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    private const string OrderLessOne = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
    private const string All = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    private const string Zero = "0000000000000000000000000000000000000000000000000000000000000000";
    private const string One = "0000000000000000000000000000000000000000000000000000000000000001";
    private const string GeneratorX = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    public static TheoryData<ICurve> Curves()
    {
        var curves = new TheoryData<ICurve> { Curve.Managed };
        if (Curve.TryLoadNative(out var native))
        {
            curves.Add(native);
        }

        return curves;
    }

    [Fact]
    public void The_default_is_native_exactly_where_the_library_is_found()
    {
        Assert.Equal(Curve.TryLoadNative(out _), Curve.Default.IsNative);
        Assert.False(Curve.Managed.IsNative);
        Assert.NotEqual(Curve.Managed.Description, Curve.TryLoadNative(out var native) ? native.Description : "");
    }

    [Fact]
    public void Both_implementations_give_the_same_bytes_on_1000_random_inputs()
    {
        var managed = Curve.Managed;
        var other = Curve.Default;
        var random = new Random(20_240_917);
        var (hash, key) = (new byte[32], new byte[32]);
        var (first, second) = (new byte[65], new byte[65]);
        var (address, recovered) = (new byte[20], new byte[20]);
        for (var i = 0; i < 1_000; i++)
        {
            random.NextBytes(hash);
            random.NextBytes(key);
            Assert.True(managed.TrySign(hash, key, first));
            Assert.True(other.TrySign(hash, key, second));
            Assert.Equal(first, second);
            Assert.True(IsLow(first));
            Assert.True(managed.TryGetAddress(key, address));
            Assert.True(other.TryGetAddress(key, recovered));
            Assert.Equal(address, recovered);
            Assert.True(other.TryRecoverAddress(hash, first, recovered));
            Assert.Equal(address, recovered);
            Assert.True(managed.TryRecoverAddress(hash, first, recovered));
            Assert.Equal(address, recovered);
        }
    }

    [Fact]
    public void Both_implementations_agree_on_signatures_nobody_made()
    {
        var random = new Random(4);
        var (hash, signature) = (new byte[32], new byte[65]);
        var (first, second) = (new byte[20], new byte[20]);
        var accepted = 0;
        for (var i = 0; i < 400; i++)
        {
            random.NextBytes(hash);
            random.NextBytes(signature);
            signature[64] = (byte)(i % 2 == 0 ? 27 + (i / 2 % 2) : i / 2 % 2);
            var answer = Curve.Managed.TryRecoverAddress(hash, signature, first);
            Assert.Equal(answer, Curve.Default.TryRecoverAddress(hash, signature, second));
            Assert.Equal(first, second);
            accepted += answer ? 1 : 0;
        }

        Assert.InRange(accepted, 120, 280); // Half of all x are on the curve.
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void The_published_example_of_EIP155_is_reproduced(ICurve curve)
    {
        var (signature, address, publicKey) = (new byte[65], new byte[20], new byte[65]);
        var hash = Hex("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
        var key = Hex(string.Concat(Enumerable.Repeat("46", 32)));
        Assert.True(curve.TrySign(hash, key, signature));
        Assert.Equal(
            "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
            + "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d831b",
            Convert.ToHexStringLower(signature));
        Assert.True(curve.TryGetAddress(key, address));
        Assert.Equal("9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f", Convert.ToHexStringLower(address));
        Assert.True(curve.TryGetPublicKey(key, publicKey));
        Assert.Equal(4, publicKey[0]);
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void The_edges_of_the_scalars_sign_alike(ICurve curve)
    {
        var (signature, expected) = (new byte[65], new byte[65]);
        var (address, recovered) = (new byte[20], new byte[20]);
        foreach (var hash in new[] { Zero, One, OrderLessOne, Order, All })
        {
            foreach (var key in new[] { One, OrderLessOne })
            {
                Assert.True(Curve.Managed.TrySign(Hex(hash), Hex(key), expected));
                Assert.True(curve.TrySign(Hex(hash), Hex(key), signature));
                Assert.Equal(expected, signature);
                Assert.True(curve.TryGetAddress(Hex(key), address));
                Assert.True(curve.TryRecoverAddress(Hex(hash), signature, recovered));
                Assert.Equal(address, recovered);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Keys_outside_the_scalars_are_refused(ICurve curve)
    {
        foreach (var key in new[] { Zero, Order, All, "", "01", One + "00" })
        {
            var (signature, address, publicKey) = (Filled(65), Filled(20), Filled(65));
            Assert.False(curve.TrySign(new byte[32], Hex(key), signature));
            Assert.False(curve.TryGetAddress(Hex(key), address));
            Assert.False(curve.TryGetPublicKey(Hex(key), publicKey));
            Assert.All(signature.Concat(address).Concat(publicKey), b => Assert.Equal(0, b));
        }
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Spans_of_another_size_are_refused(ICurve curve)
    {
        var key = Hex(One);
        Assert.False(curve.TrySign(new byte[31], key, new byte[65]));
        Assert.False(curve.TrySign(new byte[32], key, new byte[64]));
        Assert.False(curve.TrySign(new byte[32], key, new byte[66]));
        Assert.False(curve.TryGetAddress(key, new byte[32]));
        Assert.False(curve.TryGetPublicKey(key, new byte[33]));
        var signature = new byte[65];
        Assert.True(curve.TrySign(new byte[32], key, signature));
        Assert.False(curve.TryRecoverAddress(new byte[33], signature, new byte[20]));
        Assert.False(curve.TryRecoverAddress(new byte[32], signature.AsSpan(0, 64), new byte[20]));
        Assert.False(curve.TryRecoverAddress(new byte[32], signature, new byte[32]));
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Signatures_outside_the_scalars_are_refused(ICurve curve)
    {
        var hash = Hex(All);
        var good = new byte[65];
        Assert.True(curve.TrySign(hash, Hex(One), good));
        foreach (var bad in new[] { Zero, Order, All })
        {
            var (r, s) = (good.ToArray(), good.ToArray());
            Hex(bad).CopyTo(r, 0);
            Hex(bad).CopyTo(s, 32);
            Assert.False(curve.TryRecoverAddress(hash, r, new byte[20]));
            Assert.False(curve.TryRecoverAddress(hash, s, new byte[20]));
        }
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Only_four_values_of_v_are_read(ICurve curve)
    {
        var hash = Hex(One);
        var (signature, address, expected) = (new byte[65], new byte[20], new byte[20]);
        Assert.True(curve.TryGetAddress(Hex(OrderLessOne), expected));
        Assert.True(curve.TrySign(hash, Hex(OrderLessOne), signature));
        var made = signature[64];
        for (var v = 0; v < 256; v++)
        {
            signature[64] = (byte)v;
            var known = v is 0 or 1 or 27 or 28;
            Assert.Equal(known, curve.TryRecoverAddress(hash, signature, address));
            Assert.Equal(v == made || v == made - 27, address.AsSpan().SequenceEqual(expected));
        }
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void A_high_s_is_read_though_never_made(ICurve curve)
    {
        var hash = Hex(All);
        var (signature, address, expected) = (new byte[65], new byte[20], new byte[20]);
        Assert.True(curve.TryGetAddress(Hex(One), expected));
        Assert.True(curve.TrySign(hash, Hex(One), signature));
        var high = Number(Hex(Order)) - Number(signature.AsSpan(32, 32));
        high.ToByteArray(isUnsigned: true, isBigEndian: true).CopyTo(signature, 32);
        signature[64] ^= 27 ^ 28;
        Assert.True(curve.TryRecoverAddress(hash, signature, address));
        Assert.Equal(expected, address);
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void A_signature_whose_key_would_be_the_point_at_infinity_is_refused(ICurve curve)
    {
        // R = G and s = hash give s*R - hash*G = 0; G's y is even, so v is 27.
        Assert.False(curve.TryRecoverAddress(Hex(One), Hex(GeneratorX + One + "1b"), new byte[20]));
        Assert.True(curve.TryRecoverAddress(Hex(One), Hex(GeneratorX + One + "1c"), new byte[20]));
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void An_output_may_lie_over_its_input(ICurve curve)
    {
        var expected = new byte[65];
        Assert.True(curve.TrySign(Hex(All), Hex(One), expected));
        var buffer = Hex(All + One + "00");
        Assert.True(curve.TrySign(buffer.AsSpan(0, 32), buffer.AsSpan(32, 32), buffer));
        Assert.Equal(expected, buffer);
    }

    private static bool IsLow(byte[] signature) => Number(signature.AsSpan(32, 32)) <= Number(Hex(Order)) / 2;

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Hex(string text) => Convert.FromHexString(text);

    private static byte[] Filled(int length) => Enumerable.Repeat((byte)0xEE, length).ToArray();
}
