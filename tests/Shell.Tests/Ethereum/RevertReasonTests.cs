using Nitro.Ethereum;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

public sealed class RevertReasonTests
{
    [Fact]
    public void ErrorStringIsRead() => Assert.Equal(
        "held != expectedHeld",
        RevertReason.Decode(Hex.Parse(
            "0x08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000"
            + "0000000000001468656c6420213d20657870656374656448656c64000000000000000000000000")));

    [Fact]
    public void PanicIsNamed() => Assert.Equal(
        "panic 0x11: arithmetic overflow or underflow",
        RevertReason.Decode([.. Hex.Parse("0x4e487b71"), .. Hex.Word(0x11)]));

    [Fact]
    public void NoDataHasNoReason() => Assert.Null(RevertReason.Decode([]));

    [Fact]
    public void CustomErrorShowsItsSelector() => Assert.Equal("custom error 0x01020304", RevertReason.Decode([1, 2, 3, 4, 5]));

    [Theory]
    [InlineData("0x08c379a0")]
    [InlineData("0x08c379a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("0x08c379a000000000000000000000000000000000000000000000000000000000000000200000000000000000000000000000000000000000000000000000000000000014")]
    [InlineData("0x08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000fffffff0")]
    [InlineData("0x08c379a0000000000000000000000000000000000000000000000000000000007fffffff")]
    public void LyingLengthsAreNoReason(string data) => Assert.Equal("custom error 0x08c379a0", RevertReason.Decode(Hex.Parse(data)));

    [Fact]
    public void HugePanicCodeIsUnknown() => Assert.Contains("unknown cause", RevertReason.Decode([.. Hex.Parse("0x4e487b71"), .. Enumerable.Repeat((byte)0xff, 32)]));
}
