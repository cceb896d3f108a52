using System.Globalization;

namespace Nitro.Grpc.Wire;

/// <summary>The header <c>grpc-timeout</c>: up to eight digits and a unit, one of <c>H M S m u n</c>.</summary>
internal static class TimeoutText
{
    private const long Most = 99_999_999;

    private static readonly (char Unit, decimal Ticks)[] Units =
    [
        ('n', 0.01m), ('u', TimeSpan.TicksPerMicrosecond), ('m', TimeSpan.TicksPerMillisecond),
        ('S', TimeSpan.TicksPerSecond), ('M', TimeSpan.TicksPerMinute), ('H', TimeSpan.TicksPerHour),
    ];

    /// <summary>In the finest unit that eight digits allow, rounded up, so that the other side never gives up first.</summary>
    public static string Write(TimeSpan timeout)
    {
        foreach ((char unit, decimal ticks) in Units)
        {
            decimal count = Math.Ceiling(timeout.Ticks / ticks);
            if (count <= Most)
            {
                return count.ToString("0", CultureInfo.InvariantCulture) + unit;
            }
        }

        return $"{Most}H";
    }

    /// <summary>False for anything but one to eight digits and a unit.</summary>
    public static bool TryRead(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > 9
            || text.AsSpan(0, text.Length - 1).ContainsAnyExceptInRange('0', '9')
            || !Array.Exists(Units, known => known.Unit == text[^1]))
        {
            return false;
        }

        decimal ticks = Array.Find(Units, known => known.Unit == text[^1]).Ticks;
        timeout = TimeSpan.FromTicks((long)Math.Ceiling(long.Parse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture) * ticks));
        return true;
    }

    /// <summary>A timer takes at most 49 days; whoever waits longer waits without one.</summary>
    public static bool FitsTimer(TimeSpan timeout) => timeout.TotalMilliseconds < uint.MaxValue - 1;
}
