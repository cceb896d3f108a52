using System.Globalization;
using System.Numerics;
using Nitro.Cli;
using Xunit;

namespace Nitro.Shell.Tests.Cli;

public sealed class AmountsTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("1000", "1000")]
    [InlineData("1wei", "1")]
    [InlineData("10gwei", "10000000000")]
    [InlineData("1.5 gwei", "1500000000")]
    [InlineData("1ether", "1000000000000000000")]
    [InlineData("0.000000000000000001ether", "1")]
    [InlineData("0.5Ether", "500000000000000000")]
    [InlineData("115792089237316195423570985008687907853269984665640564039457584007913129639935", "115792089237316195423570985008687907853269984665640564039457584007913129639935")]
    public void What_people_write_is_read_exactly(string text, string expected)
    {
        Assert.True(Amounts.TryParse(text, out var amount));
        Assert.Equal(expected, amount.ToString(CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ether")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1.")]
    [InlineData(".5ether")]
    [InlineData("1e18")]
    [InlineData("0x10")]
    [InlineData("1,000")]
    [InlineData("0.0000000000000000001ether")]
    [InlineData("115792089237316195423570985008687907853269984665640564039457584007913129639936")]
    [InlineData("200000000000000000000000000000000000000000000000000000000000ether")]
    public void What_is_no_amount_below_2_to_256_is_refused(string text) => Assert.False(Amounts.TryParse(text, out _));

    [Theory]
    [InlineData("0x0", "0")]
    [InlineData("0xff", "255")]
    [InlineData("0xde0b6b3a7640000", "1000000000000000000")]
    public void Quantities_become_decimal(string text, string expected)
    {
        Assert.True(Amounts.TryHex(text, out var amount));
        Assert.Equal(expected, amount.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Ether_shows_every_digit_that_matters()
    {
        Assert.Equal("1", Amounts.InEther(Amounts.Ether));
        Assert.Equal("-0.000000000000000001", Amounts.InEther(BigInteger.MinusOne));
        Assert.Equal("2.5", Amounts.InEther(Amounts.Ether * 5 / 2));
    }
}
