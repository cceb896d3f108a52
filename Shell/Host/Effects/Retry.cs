namespace Nitro.Host.Effects;

/// <summary>Waits that double up to a bound, each shortened by chance so that many who failed together do not return together.</summary>
internal sealed class Retry(LaneOptions options)
{
    private int failures;

    internal void Reset() => failures = 0;

    /// <summary>Between half and all of the wait that is due.</summary>
    internal TimeSpan Next()
    {
        var due = Math.Min(options.ShortestWait.TotalMilliseconds * Math.Pow(2, failures), options.LongestWait.TotalMilliseconds);
        failures = Math.Min(failures + 1, 30);
        return TimeSpan.FromMilliseconds(due * (0.5 + (Random.Shared.NextDouble() / 2)));
    }
}
