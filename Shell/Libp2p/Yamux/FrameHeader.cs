using System.Buffers.Binary;

namespace Nitro.Libp2p.Yamux;

/// <summary>The 12 bytes in front of each yamux frame. <see cref="Length"/> is a payload's size for data alone.</summary>
internal readonly record struct FrameHeader(FrameType Type, FrameFlags Flags, uint StreamId, uint Length)
{
    /// <summary>Bytes on the wire.</summary>
    internal const int Size = 12;

    /// <summary>The session ends as planned.</summary>
    internal const uint GoAwayNormal = 0;

    /// <summary>The session ends because the other side broke the protocol.</summary>
    internal const uint GoAwayViolation = 1;

    /// <summary>Reads a header; false for another version, an unknown type, or a stream number where none belongs.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out FrameHeader header)
    {
        header = new FrameHeader(
            (FrameType)bytes[1],
            (FrameFlags)BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));
        var ofStream = header.Type is FrameType.Data or FrameType.WindowUpdate;
        return bytes[0] == 0 && header.Type <= FrameType.GoAway && ofStream == (header.StreamId != 0);
    }

    internal void Write(Span<byte> bytes)
    {
        bytes[0] = 0;
        bytes[1] = (byte)Type;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], Length);
    }
}
