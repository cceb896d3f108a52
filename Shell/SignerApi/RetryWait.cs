namespace Nitro.SignerApi;

/// <summary>How long a request rests after a temporary refusal: half a second, doubling to half a minute, each time with jitter.</summary>
internal static class RetryWait
{
    private const double FirstSeconds = 0.5;
    private const double LongestSeconds = 30;
    private const int MostDoublings = 8;

    /// <summary><paramref name="retries"/>: how often it rested before.</summary>
    public static TimeSpan After(int retries) =>
        TimeSpan.FromSeconds(Math.Min(FirstSeconds * (1 << Math.Min(retries, MostDoublings)), LongestSeconds) * (0.75 + (0.5 * Random.Shared.NextDouble())));
}
