namespace Nitro.Host.Loop;

/// <summary>
/// The one clock of a tenant, in microseconds since 1970. It never goes back, not even over a restart. Where the machine's is behind it (it was ahead
/// once, and was put right) it runs at half speed until that has come up: deadlines still come, and no error stays.
/// </summary>
internal sealed class EventClock(TimeProvider time, long lastMicros)
{
    private const int Slow = 2;

    private long last = lastMicros;
    private long read = time.GetTimestamp();

    /// <summary>The time of an event.</summary>
    internal long Next()
    {
        (last, read) = Now();
        return last;
    }

    /// <summary>How long until an instant; zero once it has come.</summary>
    internal TimeSpan Until(long micros)
    {
        var left = micros - Now().Micros;
        return left <= 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(Math.Min(left, TimeSpan.FromDays(1).TotalMicroseconds));
    }

    private (long Micros, long Read) Now()
    {
        var now = time.GetTimestamp();
        var slowed = last + ((long)time.GetElapsedTime(read, now).TotalMicroseconds / Slow);
        var machine = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

        // A part of a microsecond that was not counted yet must not be lost to the many events of a busy node.
        return machine >= last ? (machine, now) : slowed > last ? (slowed, now) : (last, read);
    }
}
