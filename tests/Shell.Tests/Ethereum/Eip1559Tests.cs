using System.Numerics;
using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Transactions;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

public sealed class Eip1559Tests
{
    [Fact]
    public async Task SameFieldsGiveTheSameBytes()
    {
        var signer = new KeyTransactionSigner(AnvilAccounts.Keys[0].Span);
        var transaction = new UnsignedTransaction(1337, 0, 1, 2, 21_000, new byte[20], BigInteger.One, ReadOnlyMemory<byte>.Empty);
        var first = await signer.SignAsync(transaction, [], [], CancellationToken.None);
        var second = await signer.SignAsync(transaction with { }, [], [], CancellationToken.None);
        Assert.Equal(Hex.Bytes(first.Span), Hex.Bytes(second.Span));
    }

    [Fact]
    public void KeyOfZeroIsRefused() => Assert.Throws<EthereumSetupException>(() => new KeyTransactionSigner(new byte[32]));

    [Fact]
    public void BumpRaisesBothFeesByAnEighthOrMore()
    {
        var options = RunningChain.Options(new Uri("http://127.0.0.1"), new byte[20], string.Empty, 0);
        var bumped = new Fees(100, 1000).Bump(options, new Fees(1, 1));
        Assert.Equal(new Fees(113, 1126), bumped);
    }

    [Fact]
    public void BumpStopsAtTheCap()
    {
        var options = RunningChain.Options(new Uri("http://127.0.0.1"), new byte[20], string.Empty, 0) with { MaxFeePerGas = 1100 };
        Assert.Null(new Fees(100, 1000).Bump(options, new Fees(1, 1)));
    }

    [Fact]
    public void SuggestionStaysWithinTheCaps()
    {
        var options = RunningChain.Options(new Uri("http://127.0.0.1"), new byte[20], string.Empty, 0) with { MaxFeePerGas = 50, MaxPriorityFeePerGas = 80 };
        Assert.Equal(new Fees(50, 50), Fees.Suggest(options, 1000, 900));
        Assert.Equal(new Fees(3, 23), Fees.Suggest(options, 10, 3));
    }
}
