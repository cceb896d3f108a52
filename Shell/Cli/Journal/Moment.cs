using System.Globalization;

namespace Nitro.Cli.Journal;

/// <summary>A point in a journal's life: after the record at a position, or after all up to a time.</summary>
/// <param name="UpTo">The last position that counts.</param>
/// <param name="AtMicros">The last time that counts, in microseconds since 1970.</param>
internal readonly record struct Moment(long UpTo, long AtMicros)
{
    /// <summary>Nothing that could be read in two ways, such as 11/12/2026.</summary>
    private static readonly string[] Forms =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>Everything there is.</summary>
    public static Moment Now => new(long.MaxValue, long.MaxValue);

    /// <summary>Reads a position (<c>418</c>) or a time (<c>2026-11-22T12:28:31Z</c>; without a zone it is UTC).</summary>
    public static bool TryParse(string text, out Moment moment)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
        {
            moment = Now with { UpTo = position };
            return true;
        }

        var isTime = DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time);
        moment = Now with { AtMicros = isTime ? (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond : 0 };
        return isTime;
    }
}
