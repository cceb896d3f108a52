namespace Nitro.Libp2p.Yamux;

/// <summary>
/// Cuts what arrives, in chunks of any size, into headers and pieces of payload. Holds at most one header back.
/// </summary>
internal sealed class FrameReader
{
    private readonly byte[] _head = new byte[FrameHeader.Size];
    private int _filled;
    private uint _remaining;

    /// <summary>The frame that the last piece belongs to.</summary>
    internal FrameHeader Header { get; private set; }

    /// <summary>Whether all of that frame was taken.</summary>
    internal bool IsFrameComplete => _remaining == 0 && _filled == 0;

    /// <summary>
    /// Takes the next step out of the chunk: a whole header, or a piece of the payload of <see cref="Header"/>. False where
    /// the chunk is used up.
    /// </summary>
    /// <exception cref="Libp2pException">Violation: no yamux frame.</exception>
    internal bool TryStep(ref ReadOnlySpan<byte> chunk, out bool isHeader, out ReadOnlySpan<byte> piece)
    {
        isHeader = false;
        piece = default;
        if (chunk.IsEmpty)
        {
            return false;
        }

        if (_remaining > 0)
        {
            var count = (int)Math.Min(_remaining, (uint)chunk.Length);
            piece = chunk[..count];
            chunk = chunk[count..];
            _remaining -= (uint)count;
            return true;
        }

        var taken = Math.Min(FrameHeader.Size - _filled, chunk.Length);
        chunk[..taken].CopyTo(_head.AsSpan(_filled));
        chunk = chunk[taken..];
        _filled += taken;
        if (_filled < FrameHeader.Size)
        {
            return false;
        }

        _filled = 0;
        Header = FrameHeader.TryRead(_head, out var header)
            ? header
            : throw new Libp2pException(Libp2pError.Violation, "What arrived is no yamux frame.");
        _remaining = header.Type == FrameType.Data ? header.Length : 0;
        isHeader = true;
        return true;
    }
}
