namespace Nitro.Libp2p.Bytes;

/// <summary>One message on a stream as go-nitro sends it: a line, ended by a line feed. What follows is ignored.</summary>
public static class Line
{
    /// <summary>The line without its end; null where the stream ends before it does.</summary>
    /// <exception cref="Libp2pException">LimitReached: longer than <paramref name="limit"/>.</exception>
    public static async ValueTask<byte[]?> ReadAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Min(limit, 4096)];
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
                Array.Resize(ref buffer, Math.Min(limit, 2 * filled));
            }
        }
    }
}
