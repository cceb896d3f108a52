using System.Globalization;
using System.Numerics;

namespace Nitro.Cli;

/// <summary>Amounts as people write them: whole units of the asset (wei), or with a decimal point and <c>gwei</c> or <c>ether</c>.</summary>
internal static class Amounts
{
    private const int MostCharacters = 100;
    private static readonly BigInteger Limit = BigInteger.One << 256;

    /// <summary>One ether in wei.</summary>
    public static BigInteger Ether { get; } = BigInteger.Pow(10, 18);

    /// <summary>One gwei in wei.</summary>
    public static BigInteger Gwei { get; } = BigInteger.Pow(10, 9);

    /// <summary>Reads <c>1000</c>, <c>10gwei</c> or <c>0.5ether</c>; below 2^256, and never rounded.</summary>
    public static bool TryParse(string text, out BigInteger amount)
    {
        amount = BigInteger.Zero;
        var trimmed = text.Trim();
        if (trimmed.Length is 0 or > MostCharacters)
        {
            return false;
        }

        var (digits, decimals) = trimmed switch
        {
            _ when Strip(trimmed, "ether", out var number) => (number, 18),
            _ when Strip(trimmed, "gwei", out var number) => (number, 9),
            _ when Strip(trimmed, "wei", out var number) => (number, 0),
            _ => (trimmed, 0),
        };
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var fraction = point < 0 ? string.Empty : digits[(point + 1)..];
        var whole = point < 0 ? digits : digits[..point];
        if (fraction.Length > decimals || whole.Length == 0 || (point >= 0 && fraction.Length == 0))
        {
            return false;
        }

        return BigInteger.TryParse(whole + fraction.PadRight(decimals, '0'), NumberStyles.None, CultureInfo.InvariantCulture, out amount)
            && amount < Limit;
    }

    /// <summary>Reads a quantity such as <c>0xff</c>.</summary>
    public static bool TryHex(string? text, out BigInteger amount)
    {
        amount = BigInteger.Zero;
        return text is { Length: > 2 and <= 66 }
            && text.StartsWith("0x", StringComparison.Ordinal)
            && BigInteger.TryParse("0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out amount);
    }

    /// <summary>Wei as ether, all digits that matter.</summary>
    public static string InEther(BigInteger wei)
    {
        var sign = wei.Sign < 0 ? "-" : string.Empty;
        var whole = BigInteger.DivRem(BigInteger.Abs(wei), Ether, out var rest);
        var fraction = rest.ToString("D18", CultureInfo.InvariantCulture).TrimEnd('0');
        return fraction.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{sign}{whole}")
            : string.Create(CultureInfo.InvariantCulture, $"{sign}{whole}.{fraction}");
    }

    private static bool Strip(string text, string unit, out string number)
    {
        number = text.EndsWith(unit, StringComparison.OrdinalIgnoreCase) ? text[..^unit.Length].TrimEnd() : string.Empty;
        return number.Length > 0;
    }
}
