using Nitro.Secp256k1;
using Org.BouncyCastle.Crypto.Digests;
using Xunit;

namespace Nitro.Shell.Tests.Secp256k1;

public sealed class Keccak256Tests
{
    [Theory]
    [InlineData("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("616263", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    public void Known_hashes_come_out(string data, string expected)
    {
        var hash = new byte[32];
        Keccak256.Hash(Convert.FromHexString(data), hash);
        Assert.Equal(expected, Convert.ToHexStringLower(hash));
    }

    [Fact]
    public void Every_length_around_the_block_size_agrees_with_another_implementation()
    {
        var random = new Random(7);
        for (var length = 0; length < 420; length++)
        {
            var data = new byte[length];
            random.NextBytes(data);
            var reference = new KeccakDigest(256);
            reference.BlockUpdate(data, 0, length);
            var expected = new byte[32];
            reference.DoFinal(expected, 0);
            var hash = new byte[32];
            Keccak256.Hash(data, hash);
            Assert.Equal(expected, hash);
        }
    }

    [Fact]
    public void A_span_of_another_size_is_the_callers_mistake() =>
        Assert.Throws<ArgumentException>(() => Keccak256.Hash([], new byte[31]));
}
