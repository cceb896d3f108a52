using System.Text;

namespace Nitro.Libp2p.Bytes;

/// <summary>Bytes as text in base 58 (Bitcoin's alphabet), and from the bases a CID is usually written in.</summary>
internal static class BaseText
{
    private const string Base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const string Base36 = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const string Base32 = "abcdefghijklmnopqrstuvwxyz234567";

    // The work grows with the square of the length, so a text is refused before it costs anything.
    private const int MaxText = 256;

    internal static string ToBase58(ReadOnlySpan<byte> bytes)
    {
        var zeros = bytes.IndexOfAnyExcept((byte)0) is var first && first < 0 ? bytes.Length : first;
        var digits = new List<int>(bytes.Length * 2);
        foreach (var value in bytes[zeros..])
        {
            var carry = (int)value;
            for (var i = 0; i < digits.Count; i++)
            {
                carry += digits[i] << 8;
                digits[i] = carry % 58;
                carry /= 58;
            }

            for (; carry > 0; carry /= 58)
            {
                digits.Add(carry % 58);
            }
        }

        var text = new StringBuilder(zeros + digits.Count).Append('1', zeros);
        for (var i = digits.Count - 1; i >= 0; i--)
        {
            text.Append(Base58[digits[i]]);
        }

        return text.ToString();
    }

    internal static bool TryFromBase58(ReadOnlySpan<char> text, out byte[] bytes) => TryFromNumber(text, Base58, out bytes);

    /// <summary>Reads a text whose first letter names its base: b, z, k, f (lower case only).</summary>
    internal static bool TryFromMultibase(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        return text.Length > 1 && text[0] switch
        {
            'b' => TryFromBase32(text[1..], out bytes),
            'k' => TryFromNumber(text[1..], Base36, out bytes),
            'z' => TryFromNumber(text[1..], Base58, out bytes),
            'f' => TryFromHex(text[1..], out bytes),
            _ => false,
        };
    }

    private static bool TryFromHex(ReadOnlySpan<char> text, out byte[] bytes)
    {
        var sound = text.Length % 2 == 0 && text.Length <= MaxText && text.IndexOfAnyExcept("0123456789abcdef") < 0;
        bytes = sound ? Convert.FromHexString(text) : [];
        return sound;
    }

    private static bool TryFromNumber(ReadOnlySpan<char> text, string alphabet, out byte[] bytes)
    {
        bytes = [];
        if (text.Length > MaxText)
        {
            return false;
        }

        var zeros = text.IndexOfAnyExcept(alphabet[0]) is var first && first < 0 ? text.Length : first;
        var values = new List<byte>(text.Length); // Low ones first.
        foreach (var letter in text[zeros..])
        {
            var carry = alphabet.IndexOf(letter, StringComparison.Ordinal);
            if (carry < 0)
            {
                return false;
            }

            for (var i = 0; i < values.Count; i++)
            {
                carry += values[i] * alphabet.Length;
                values[i] = (byte)carry;
                carry >>= 8;
            }

            for (; carry > 0; carry >>= 8)
            {
                values.Add((byte)carry);
            }
        }

        values.Reverse();
        bytes = [.. new byte[zeros], .. values];
        return true;
    }

    private static bool TryFromBase32(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (text.Length > MaxText)
        {
            return false;
        }

        var output = new List<byte>(text.Length);
        var held = 0;
        var bits = 0;
        foreach (var letter in text)
        {
            var value = Base32.IndexOf(letter, StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            held = (held << 5) | value;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                output.Add((byte)(held >> bits));
                held &= (1 << bits) - 1;
            }
        }

        bytes = [.. output];
        return held == 0 && bits < 5;
    }
}
