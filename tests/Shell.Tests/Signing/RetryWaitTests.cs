using Nitro.SignerApi;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>A request that may not be signed yet is not asked again and again without a pause.</summary>
public sealed class RetryWaitTests
{
    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 1)]
    [InlineData(3, 4)]
    [InlineData(6, 30)]
    [InlineData(1_000_000, 30)]
    public void APauseDoublesUpToItsLimitAndNeverIsTheSame(int retries, double seconds)
    {
        var pauses = Enumerable.Range(0, 50).Select(_ => RetryWait.After(retries).TotalSeconds).ToList();

        Assert.All(pauses, pause => Assert.InRange(pause, 0.75 * seconds, 1.25 * seconds));
        Assert.True(pauses.Distinct().Count() > 1);
    }

    [Theory]
    [InlineData(0, 30)]
    [InlineData(2, 120)]
    [InlineData(1_000_000, 600)]
    public void SilenceIsBorneLongerEachTime(int asked, double seconds) =>
        Assert.InRange(RetryWait.Patience(asked).TotalSeconds, 0.75 * seconds, 1.25 * seconds);
}
