using System.Buffers;
using System.Buffers.Binary;
using Nitro.Libp2p.Bytes;

namespace Nitro.Libp2p.Noise;

/// <summary>
/// The secret channel after a handshake. One reader and one writer at a time. Holds no buffer while nothing arrives, so an
/// idle connection costs next to nothing.
/// </summary>
internal sealed class NoiseChannel(Stream wire, Aead opening, Aead sealing) : AsyncStream
{
    /// <summary>The most bytes that fit into one frame.</summary>
    internal const int MaxPlain = 65535 - Aead.TagLength;

    /// <summary>Bytes in front of a frame's text, its length.</summary>
    internal const int HeadLength = 2;

    /// <summary>What a buffer for one frame must hold.</summary>
    internal const int MaxFrame = HeadLength + 65535;

    private byte[]? _buffer;
    private int _start;
    private int _end;
    private ReadOnlyMemory<byte> _plain;
    private ulong _opened;
    private ulong _sealed;

    /// <summary>
    /// The next bytes that arrived, in a buffer that is good until the next call. Empty where the other side ended the
    /// connection.
    /// </summary>
    /// <exception cref="Libp2pException">NotAuthentic, or Malformed.</exception>
    internal async ValueTask<ReadOnlyMemory<byte>> ReadChunkAsync(CancellationToken cancellationToken)
    {
        if (!_plain.IsEmpty)
        {
            var rest = _plain;
            _plain = default;
            return rest;
        }

        while (true)
        {
            if (TryOpenNext(out var plain))
            {
                if (!plain.IsEmpty)
                {
                    return plain;
                }
            }
            else if (!await ReceiveAsync(cancellationToken).ConfigureAwait(false))
            {
                return default;
            }
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var chunk = await ReadChunkAsync(cancellationToken).ConfigureAwait(false);
        var count = Math.Min(chunk.Length, buffer.Length);
        chunk[..count].CopyTo(buffer);
        _plain = chunk[count..];
        return count;
    }

    /// <summary>Seals and sends the <paramref name="length"/> bytes at offset 2 of a buffer of <see cref="MaxFrame"/>.</summary>
    internal ValueTask SendAsync(byte[] frame, int length, CancellationToken cancellationToken)
    {
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(length + Aead.TagLength));
        sealing.Seal(_sealed++, frame.AsSpan(HeadLength, length + Aead.TagLength), []);
        return wire.WriteAsync(frame.AsMemory(0, HeadLength + length + Aead.TagLength), cancellationToken);
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var frame = ArrayPool<byte>.Shared.Rent(Math.Min(MaxFrame, HeadLength + buffer.Length + Aead.TagLength));
        try
        {
            while (!buffer.IsEmpty)
            {
                var count = Math.Min(MaxPlain, buffer.Length);
                buffer[..count].CopyTo(frame.AsMemory(HeadLength));
                await SendAsync(frame, count, cancellationToken).ConfigureAwait(false);
                buffer = buffer[count..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    /// <summary>Ends the connection: whoever reads or writes gets an exception.</summary>
    internal ValueTask CloseWireAsync() => wire.DisposeAsync();

    /// <summary>Gives the buffer and the ciphers back. Only once nobody reads or writes any more.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            wire.Dispose();
            Release();
            opening.Dispose();
            sealing.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool TryOpenNext(out ReadOnlyMemory<byte> plain)
    {
        plain = default;
        if (_end - _start < HeadLength)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start));
        if (length < Aead.TagLength)
        {
            throw new Libp2pException(Libp2pError.Malformed, "A Noise frame is shorter than its tag.");
        }

        if (_end - _start < HeadLength + length)
        {
            return false;
        }

        if (!opening.TryOpen(_opened++, _buffer.AsSpan(_start + HeadLength, length), []))
        {
            throw new Libp2pException(Libp2pError.NotAuthentic, "A Noise frame is not authentic.");
        }

        plain = _buffer.AsMemory(_start + HeadLength, length - Aead.TagLength);
        _start += HeadLength + length;
        return true;
    }

    private async ValueTask<bool> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            // Nothing is held while nothing is there: an empty read waits for the first byte.
            Release();
            await wire.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            _buffer = ArrayPool<byte>.Shared.Rent(MaxFrame);
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        }

        _end -= _start;
        _start = 0;
        var read = await wire.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        return read > 0;
    }

    private void Release()
    {
        if (_buffer is { } held)
        {
            _buffer = null;
            _start = _end = 0;
            ArrayPool<byte>.Shared.Return(held);
        }
    }
}
