using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Nitro.Ethereum;

/// <summary>Reads the return data of a reverted call: <c>Error(string)</c> and <c>Panic(uint256)</c>, Solidity's two built-in errors.</summary>
public static class RevertReason
{
    private const uint ErrorSelector = 0x08c379a0;
    private const uint PanicSelector = 0x4e487b71;
    private const int LongestReason = 1024;

    /// <summary>The reason, a panic in words, the selector of a custom error, or null where there is no data. Takes any bytes.</summary>
    public static string? Decode(ReadOnlySpan<byte> data)
    {
        if (data.Length < 4)
        {
            return null;
        }

        var selector = BinaryPrimitives.ReadUInt32BigEndian(data);
        var body = data[4..];
        return selector switch
        {
            ErrorSelector => Text(body) ?? Custom(data),
            PanicSelector when body.Length >= 32 => Panic(body[..32]),
            _ => Custom(data),
        };
    }

    private static string? Text(ReadOnlySpan<byte> body)
    {
        if (!TryLength(body, 0, out var offset) || !TryLength(body, offset, out var length) || length > body.Length - offset - 32)
        {
            return null;
        }

        return Encoding.UTF8.GetString(body.Slice(offset + 32, Math.Min(length, LongestReason)));
    }

    private static bool TryLength(ReadOnlySpan<byte> body, int at, out int value)
    {
        value = 0;
        if (at > body.Length - 32 || body.Slice(at, 28).ContainsAnyExcept((byte)0))
        {
            return false;
        }

        var word = BinaryPrimitives.ReadUInt32BigEndian(body.Slice(at + 28, 4));
        value = (int)Math.Min(word, int.MaxValue);
        return word <= int.MaxValue;
    }

    private static string Panic(ReadOnlySpan<byte> word)
    {
        var code = new BigInteger(word, isUnsigned: true, isBigEndian: true);
        var meaning = code > 0x51 ? "unknown cause" : (int)code switch
        {
            0x01 => "assertion failed",
            0x11 => "arithmetic overflow or underflow",
            0x12 => "division by zero",
            0x21 => "value outside of an enumeration",
            0x22 => "wrongly encoded storage bytes",
            0x31 => "pop from an empty array",
            0x32 => "array index out of bounds",
            0x41 => "too much memory",
            0x51 => "call of an uninitialised function",
            _ => "unknown cause",
        };
        return string.Create(CultureInfo.InvariantCulture, $"panic {Hex.Quantity(code)}: {meaning}");
    }

    private static string Custom(ReadOnlySpan<byte> data) => $"custom error {Hex.Bytes(data[..4])}";
}
