namespace Nitro.Shell.Tests.Host;

/// <summary>A machine's clock that stands where it is put, and beside it the time that has passed, whatever the clock says.</summary>
internal sealed class SteppedTime(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public TimeSpan Passed { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Passed.Ticks;
}
