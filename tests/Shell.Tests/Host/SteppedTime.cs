namespace Nitro.Shell.Tests.Host;

/// <summary>A clock that stands where it is put.</summary>
internal sealed class SteppedTime(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
