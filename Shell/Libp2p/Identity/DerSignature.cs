namespace Nitro.Libp2p.Identity;

/// <summary>An ECDSA signature as two DER integers, in the one encoding that DER allows.</summary>
internal static class DerSignature
{
    /// <summary>Writes r (32), s (32) as DER.</summary>
    internal static byte[] Write(ReadOnlySpan<byte> compact64)
    {
        byte[] r = Integer(compact64[..32]), s = Integer(compact64[32..]);
        return [0x30, (byte)(r.Length + s.Length), .. r, .. s];
    }

    /// <summary>Reads r and s, each 0 or more and below 2^256; false for anything that DER does not allow.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> der, Span<byte> compact64)
    {
        compact64.Clear();
        return der.Length is >= 8 and <= 72 && der[0] == 0x30 && der[1] == der.Length - 2
            && TryReadInteger(der[2..], compact64[..32], out var first)
            && TryReadInteger(der[(2 + first)..], compact64[32..], out var second)
            && 2 + first + second == der.Length;
    }

    private static byte[] Integer(ReadOnlySpan<byte> value)
    {
        var first = value.IndexOfAnyExcept((byte)0);
        value = first < 0 ? value[^1..] : value[first..];
        return value[0] >= 0x80 ? [2, (byte)(value.Length + 1), 0, .. value] : [2, (byte)value.Length, .. value];
    }

    private static bool TryReadInteger(ReadOnlySpan<byte> der, Span<byte> value32, out int length)
    {
        length = 0;
        if (der.Length < 3 || der[0] != 2 || der[1] is 0 or > 33 || der.Length < 2 + der[1])
        {
            return false;
        }

        length = 2 + der[1];
        var digits = der[2..length];
        var padded = digits[0] == 0;
        if (digits[0] >= 0x80 || (padded && digits.Length > 1 && digits[1] < 0x80) || (digits.Length == 33 && !padded))
        {
            return false;
        }

        digits = digits.Length == 33 ? digits[1..] : digits;
        digits.CopyTo(value32[(32 - digits.Length)..]);
        return true;
    }
}
