using System.Numerics;

namespace Nitro.Ethereum.Transactions;

/// <summary>Writes Ethereum's recursive length prefix encoding: byte strings and lists.</summary>
public static class Rlp
{
    /// <summary>A byte string.</summary>
    public static byte[] Bytes(ReadOnlySpan<byte> value) =>
        value.Length == 1 && value[0] < 0x80 ? [value[0]] : [.. Prefix(0x80, value.Length), .. value];

    /// <summary>A non-negative number: big-endian without leading zeros, zero is the empty string.</summary>
    public static byte[] Number(BigInteger value) => Bytes(value.IsZero ? [] : value.ToByteArray(isUnsigned: true, isBigEndian: true));

    /// <summary>A list of items that are encoded already.</summary>
    public static byte[] List(params ReadOnlySpan<byte[]> items)
    {
        var length = 0;
        foreach (var item in items)
        {
            length += item.Length;
        }

        var prefix = Prefix(0xc0, length);
        var list = new byte[prefix.Length + length];
        prefix.CopyTo(list, 0);
        var at = prefix.Length;
        foreach (var item in items)
        {
            item.CopyTo(list, at);
            at += item.Length;
        }

        return list;
    }

    private static byte[] Prefix(byte offset, int length)
    {
        if (length <= 55)
        {
            return [(byte)(offset + length)];
        }

        var size = new BigInteger(length).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [(byte)(offset + 55 + size.Length), .. size];
    }
}
