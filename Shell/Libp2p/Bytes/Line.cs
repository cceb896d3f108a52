namespace Nitro.Libp2p.Bytes;

/// <summary>One message on a stream as go-nitro sends it: a line, ended by a line feed. What follows is ignored.</summary>
public static class Line
{
    /// <summary>The line without its end; null where the stream ends before it does.</summary>
    /// <param name="stream">Where it comes from.</param>
    /// <param name="limit">Bytes of a line.</param>
    /// <param name="cancellationToken">The deadline.</param>
    /// <param name="mayHold">Asked before each so many bytes more are held; no limit but the line's where it is absent.</param>
    /// <exception cref="Libp2pException">LimitReached: longer than <paramref name="limit"/>, or more may not be held.</exception>
    public static async ValueTask<byte[]?> ReadAsync(
        Stream stream, int limit, CancellationToken cancellationToken, Func<int, bool>? mayHold = null)
    {
        var buffer = Grow([], Math.Min(limit, 4096), mayHold);
        var filled = 0;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return null;
            }

            var end = buffer.AsSpan(filled, read).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return buffer[..(filled + end)];
            }

            filled += read;
            if (filled == limit)
            {
                throw new Libp2pException(Libp2pError.LimitReached, $"A line is longer than the {limit} bytes allowed.");
            }

            if (filled == buffer.Length)
            {
                buffer = Grow(buffer, Math.Min(limit, 2 * filled), mayHold);
            }
        }
    }

    private static byte[] Grow(byte[] buffer, int size, Func<int, bool>? mayHold)
    {
        if (mayHold is not null && !mayHold(size - buffer.Length))
        {
            throw new Libp2pException(Libp2pError.LimitReached, "Too much is being received already.");
        }

        Array.Resize(ref buffer, size);
        return buffer;
    }
}
