namespace Nitro.SignerApi;

/// <summary>How long a request rests before a signer is given it again. Each time with jitter.</summary>
internal static class RetryWait
{
    private const double FirstSeconds = 0.5;
    private const double LongestSeconds = 30;
    private const double PatienceSeconds = 30;
    private const double LongestPatienceSeconds = 600;
    private const int MostDoublings = 8;

    /// <summary>After a temporary refusal: half a second, doubling to half a minute. <paramref name="retries"/>: how often it rested before.</summary>
    public static TimeSpan After(int retries) => Doubling(FirstSeconds, LongestSeconds, retries);

    /// <summary>
    /// After silence, or an answer that is none: half a minute, doubling to ten. <paramref name="asked"/>: how often it was asked again.
    /// </summary>
    public static TimeSpan Patience(int asked) => Doubling(PatienceSeconds, LongestPatienceSeconds, asked);

    private static TimeSpan Doubling(double first, double longest, int times) =>
        TimeSpan.FromSeconds(Math.Min(first * (1 << Math.Min(times, MostDoublings)), longest) * (0.75 + (0.5 * Random.Shared.NextDouble())));
}
