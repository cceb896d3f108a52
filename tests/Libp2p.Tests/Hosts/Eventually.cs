using Xunit;

namespace Nitro.Libp2p.Tests.Hosts;

/// <summary>Waits for what another task brings about; the limit alone decides that it never will.</summary>
internal static class Eventually
{
    public static async Task BecomesAsync(Func<bool> condition, string what, CancellationToken limit)
    {
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"never came: {what}");
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
