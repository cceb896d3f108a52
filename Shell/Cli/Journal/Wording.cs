using System.Globalization;
using System.Text.RegularExpressions;

namespace Nitro.Cli.Journal;

/// <summary>How the tools write times and ids.</summary>
internal static partial class Wording
{
    private const long LastMicros = 253_402_300_799_999_999;

    /// <summary>Of microseconds since 1970: <c>2026-11-22 12:28:31.123456</c>, UTC.</summary>
    public static string Time(long micros) => micros is >= 0 and <= LastMicros
        ? DateTimeOffset.UnixEpoch.AddMicroseconds(micros).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)
        : micros.ToString(CultureInfo.InvariantCulture);

    /// <summary>Long hexadecimal ids cut to what tells them apart at a glance. What controls a terminal is taken out: some texts come from peers.</summary>
    public static string Short(string text) => Plain(Ids().Replace(text, "$1…"));

    /// <summary>As a sentence begins.</summary>
    public static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>On one line, and nothing that controls a terminal.</summary>
    public static string Plain(string text) => string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));

    [GeneratedRegex("(0x[0-9a-fA-F]{8})[0-9a-fA-F]{32,}")]
    private static partial Regex Ids();
}
