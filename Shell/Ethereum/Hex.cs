using System.Globalization;
using System.Numerics;

namespace Nitro.Ethereum;

/// <summary>The two hexadecimal forms of Ethereum's JSON: bytes (<c>0x00ff</c>) and quantities (<c>0xff</c>, no leading zeros).</summary>
public static class Hex
{
    /// <summary>Bytes as <c>0x</c> and lower-case digits.</summary>
    public static string Bytes(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>A number as a quantity.</summary>
    public static string Quantity(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>A non-negative number as a quantity.</summary>
    public static string Quantity(BigInteger value)
    {
        var digits = value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
        return digits.Length == 0 ? "0x0" : "0x" + digits;
    }

    /// <summary>Reads bytes; the prefix is required, either case is taken.</summary>
    public static bool TryBytes(string? text, out byte[] bytes)
    {
        bytes = [];
        if (text is null || text.Length % 2 != 0 || !text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var result = new byte[(text.Length - 2) / 2];
        if (Convert.FromHexString(text.AsSpan(2), result, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        bytes = result;
        return true;
    }

    /// <summary>Reads a quantity of at most 256 bits. Leading zeros are taken, since nodes differ.</summary>
    public static bool TryQuantity(string? text, out BigInteger value)
    {
        value = BigInteger.Zero;
        return text is { Length: > 2 and <= 66 }
            && text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && BigInteger.TryParse("0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Bytes of text known to be right, such as a constant.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static byte[] Parse(string text) =>
        TryBytes(text, out var bytes) ? bytes : throw new FormatException("Expected 0x and an even number of hexadecimal digits.");

    /// <summary>A wei amount as 32 bytes, big-endian.</summary>
    public static byte[] Word(BigInteger value)
    {
        var word = new byte[32];
        var bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        bytes.CopyTo(word.AsSpan(32 - bytes.Length));
        return word;
    }
}
