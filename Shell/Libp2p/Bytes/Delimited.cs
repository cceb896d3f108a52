namespace Nitro.Libp2p.Bytes;

/// <summary>Messages on a stream, each behind its length as a varint.</summary>
public static class Delimited
{
    /// <summary>The next message, or null where the stream ends before one begins.</summary>
    /// <exception cref="Libp2pException">Longer than <paramref name="limit"/>, or cut off.</exception>
    public static async ValueTask<byte[]?> ReadAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        var scratch = new byte[1];
        var length = await Varint.ReadAsync(stream, scratch, limit, cancellationToken).ConfigureAwait(false);
        if (length < 0)
        {
            return null;
        }

        // Grows with what arrives: a length alone reserves no memory.
        var message = new byte[Math.Min(length, 4096)];
        var filled = 0;
        while (filled < length)
        {
            if (filled == message.Length)
            {
                Array.Resize(ref message, Math.Min(length, message.Length * 2));
            }

            var read = await stream.ReadAsync(message.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new Libp2pException(Libp2pError.Malformed, "The stream ends inside a message.");
            }

            filled += read;
        }

        return message;
    }

    /// <summary>The message behind its length.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var head = Varint.Length((ulong)message.Length);
        var framed = new byte[head + message.Length];
        Varint.Write(framed, (ulong)message.Length);
        message.CopyTo(framed.AsSpan(head));
        return framed;
    }

    /// <summary>Writes the message behind its length, in one write.</summary>
    public static ValueTask WriteAsync(Stream stream, ReadOnlySpan<byte> message, CancellationToken cancellationToken) =>
        stream.WriteAsync(Frame(message), cancellationToken);
}
