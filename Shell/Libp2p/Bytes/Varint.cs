namespace Nitro.Libp2p.Bytes;

/// <summary>The multiformats' unsigned varint: seven bits a byte, low ones first, at most 9 bytes, the shortest form only.</summary>
public static class Varint
{
    /// <summary>The most bytes that one takes.</summary>
    public const int MaxLength = 9;

    /// <summary>Bytes that this value takes.</summary>
    public static int Length(ulong value)
    {
        var length = 1;
        while ((value >>= 7) != 0)
        {
            length++;
        }

        return length;
    }

    /// <summary>Writes the value and gives back how many bytes it took.</summary>
    public static int Write(Span<byte> output, ulong value)
    {
        var index = 0;
        for (; value >= 0x80; value >>= 7)
        {
            output[index++] = (byte)(value | 0x80);
        }

        output[index] = (byte)value;
        return index + 1;
    }

    /// <summary>Reads one from the front. False for one that is cut off, longer than 9 bytes, or not the shortest form.</summary>
    public static bool TryRead(ReadOnlySpan<byte> input, out ulong value, out int length)
    {
        value = 0;
        for (length = 0; length < input.Length && length < MaxLength;)
        {
            var next = input[length];
            value |= (ulong)(next & 0x7f) << (7 * length++);
            if (next < 0x80)
            {
                return next != 0 || length == 1;
            }
        }

        return false;
    }

    /// <summary>
    /// Reads one from a stream, and not a byte beyond it; at most <paramref name="limit"/>.
    /// -1 where the stream ends before the first byte.
    /// </summary>
    /// <exception cref="Libp2pException">Malformed, or over the limit.</exception>
    public static async ValueTask<int> ReadAsync(Stream stream, byte[] scratch, int limit, CancellationToken cancellationToken)
    {
        var value = 0UL;
        for (var length = 0; length < MaxLength; length++)
        {
            if (await stream.ReadAsync(scratch.AsMemory(0, 1), cancellationToken).ConfigureAwait(false) == 0)
            {
                return length == 0 ? -1 : throw new Libp2pException(Libp2pError.Malformed, "The stream ends inside a length.");
            }

            value |= (ulong)(scratch[0] & 0x7f) << (7 * length);
            if (value > (ulong)limit)
            {
                throw new Libp2pException(Libp2pError.Malformed, $"A message is longer than the {limit} bytes allowed.");
            }

            if (scratch[0] < 0x80)
            {
                return scratch[0] != 0 || length == 0
                    ? (int)value
                    : throw new Libp2pException(Libp2pError.Malformed, "A length is not in its shortest form.");
            }
        }

        throw new Libp2pException(Libp2pError.Malformed, "A length takes more than 9 bytes.");
    }
}
