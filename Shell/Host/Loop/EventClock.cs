namespace Nitro.Host.Loop;

/// <summary>The one clock of a tenant, in microseconds since 1970. It never goes back, not even over a restart.</summary>
internal sealed class EventClock(TimeProvider time, long lastMicros)
{
    private long last = lastMicros;

    /// <summary>The time of an event.</summary>
    internal long Next() => last = Math.Max(last, Micros());

    /// <summary>How long until an instant; zero once it has come.</summary>
    internal TimeSpan Until(long micros)
    {
        var left = micros - Math.Max(last, Micros());
        return left <= 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(Math.Min(left, TimeSpan.FromDays(1).TotalMicroseconds));
    }

    private long Micros() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
