namespace Nitro.Ethereum;

/// <summary>How long to wait after trouble: doubling, with jitter so that many nodes do not come back at the same moment.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private TimeSpan _wait;

    public TimeSpan Next()
    {
        var doubled = _wait > TimeSpan.Zero ? _wait * 2 : first;
        _wait = doubled < longest ? doubled : longest;
        return _wait * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    public void Reset() => _wait = TimeSpan.Zero;
}
