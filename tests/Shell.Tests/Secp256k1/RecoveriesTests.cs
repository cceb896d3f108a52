using Nitro.Secp256k1;
using Xunit;

namespace Nitro.Shell.Tests.Secp256k1;

/// <summary>What is remembered of who signed what is what the curve says.</summary>
public sealed class RecoveriesTests
{
    [Fact]
    public void Each_signature_is_looked_into_once_and_always_answered_as_the_curve_does()
    {
        var known = new Recoveries(Curve.Default, 64);
        var (expected, address) = (new byte[20], new byte[20]);
        for (var round = 0; round < 3; round++)
        {
            for (byte n = 1; n <= 40; n++)
            {
                var (hash, signature) = Signed(n);
                Assert.True(Curve.Default.TryRecoverAddress(hash, signature, expected));
                Assert.True(known.TryRecoverAddress(hash, signature, address));
                Assert.Equal(expected, address);
            }
        }

        Assert.Equal(40, known.Computed);
    }

    [Fact]
    public void Nothing_that_differs_in_one_bit_is_taken_for_what_is_known()
    {
        var known = new Recoveries(Curve.Default, 1_024);
        var (hash, signature) = Signed(1);
        Assert.True(known.TryRecoverAddress(hash, signature, new byte[20]));
        for (var bit = 0; bit < 8 * (hash.Length + signature.Length); bit++)
        {
            var (otherHash, otherSignature) = (hash.ToArray(), signature.ToArray());
            var (changed, at) = bit < 8 * hash.Length ? (otherHash, bit) : (otherSignature, bit - (8 * hash.Length));
            changed[at / 8] ^= (byte)(1 << (at % 8));
            var (expected, address) = (new byte[20], new byte[20]);
            for (var again = 0; again < 2; again++)
            {
                Assert.Equal(Curve.Default.TryRecoverAddress(otherHash, otherSignature, expected), known.TryRecoverAddress(otherHash, otherSignature, address));
                Assert.Equal(expected, address);
            }
        }
    }

    [Fact]
    public void The_newest_are_kept_and_what_is_asked_for_again_stays()
    {
        var known = new Recoveries(Curve.Default, 4);
        var address = new byte[20];
        for (byte n = 1; n <= 100; n++)
        {
            Ask(1);
            Ask(n);
        }

        var before = known.Computed;
        Assert.Equal(100, before);
        for (byte n = 97; n <= 100; n++)
        {
            Ask(n);
        }

        Assert.Equal(before, known.Computed);
        Ask(50);
        Assert.Equal(before + 1, known.Computed);

        void Ask(byte n)
        {
            var (hash, signature) = Signed(n);
            Assert.True(known.TryRecoverAddress(hash, signature, address));
        }
    }

    [Fact]
    public void Wrong_lengths_are_refused_and_the_output_wiped()
    {
        var (hash, signature) = Signed(1);
        byte[] address = [.. Enumerable.Repeat((byte)7, 20)];
        Assert.False(Recoveries.Shared.TryRecoverAddress(hash.AsSpan(1), signature, address));
        Assert.Equal(new byte[20], address);
        Assert.False(Recoveries.Shared.TryRecoverAddress(hash, signature.AsSpan(1), address));
        Assert.False(Recoveries.Shared.TryRecoverAddress(hash, signature, address.AsSpan(1)));
    }

    [Fact]
    public async Task Many_threads_get_what_each_asked_for()
    {
        var known = new Recoveries(Curve.Default, 8);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(start => Task.Run(() =>
        {
            var (expected, address) = (new byte[20], new byte[20]);
            for (var i = 0; i < 400; i++)
            {
                var (hash, signature) = Signed((byte)(1 + ((start + i) % 30)));
                Assert.True(Curve.Default.TryRecoverAddress(hash, signature, expected));
                Assert.True(known.TryRecoverAddress(hash, signature, address));
                Assert.Equal(expected, address);
            }
        })));
    }

    private static (byte[] Hash, byte[] Signature) Signed(byte n)
    {
        byte[] hash = [.. Enumerable.Repeat(n, 32)];
        byte[] key = [.. new byte[31], n];
        var signature = new byte[65];
        Assert.True(Curve.Default.TrySign(hash, key, signature));
        return (hash, signature);
    }
}
