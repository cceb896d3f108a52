using System.Buffers;

namespace Nitro.Libp2p.Bytes;

/// <summary>One message on a stream as go-nitro sends it: a line, ended by a line feed.</summary>
public static class Line
{
    private const int FirstBuffer = 4096;

    /// <summary>The line without its end; null where the stream ends before it does. What follows it is ignored.</summary>
    /// <param name="stream">Where it comes from.</param>
    /// <param name="limit">Bytes of a line.</param>
    /// <param name="cancellationToken">The deadline.</param>
    /// <param name="mayHold">Asked before each so many bytes more are held; no limit but the line's where it is absent.</param>
    /// <exception cref="Libp2pException">LimitReached: longer than <paramref name="limit"/>, or more may not be held.</exception>
    public static async ValueTask<byte[]?> ReadAsync(
        Stream stream, int limit, CancellationToken cancellationToken, Func<int, bool>? mayHold = null) =>
        (await ReadCountedAsync(stream, limit, cancellationToken, mayHold).ConfigureAwait(false)).Line;

    /// <summary>The same where another line may come once this one was answered, and none before.</summary>
    /// <exception cref="Libp2pException">LimitReached; Malformed: something follows the line.</exception>
    internal static async ValueTask<byte[]?> ReadOneAsync(
        Stream stream, int limit, CancellationToken cancellationToken, Func<int, bool>? mayHold = null)
    {
        var (line, following) = await ReadCountedAsync(stream, limit, cancellationToken, mayHold).ConfigureAwait(false);
        return following == 0 ? line : throw new Libp2pException(Libp2pError.Malformed, "A line is followed by more than was asked for.");
    }

    private static async ValueTask<(byte[]? Line, int Following)> ReadCountedAsync(
        Stream stream, int limit, CancellationToken cancellationToken, Func<int, bool>? mayHold)
    {
        Hold(Math.Min(limit, FirstBuffer), mayHold);
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            var room = Math.Min(limit, FirstBuffer);
            var filled = 0;
            while (true)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(filled, room - filled), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return (null, 0);
                }

                var end = buffer.AsSpan(filled, read).IndexOf((byte)'\n');
                if (end >= 0)
                {
                    return (buffer[..(filled + end)], read - end - 1);
                }

                filled += read;
                if (filled == limit)
                {
                    throw new Libp2pException(Libp2pError.LimitReached, $"A line is longer than the {limit} bytes allowed.");
                }

                if (filled == room)
                {
                    room = Math.Min(limit, 2 * filled);
                    Hold(room - filled, mayHold);
                    var wider = ArrayPool<byte>.Shared.Rent(room);
                    buffer.AsSpan(0, filled).CopyTo(wider);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = wider;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Hold(int more, Func<int, bool>? mayHold)
    {
        if (mayHold is not null && !mayHold(more))
        {
            throw new Libp2pException(Libp2pError.LimitReached, "Too much is being received already.");
        }
    }
}
