using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Nitro.EventStore.Protocol;

namespace Nitro.EventStore.Streams;

/// <summary>
/// Ids made from what they name: the server knows a repeated append by its ids alone, so equal ids must mean equal events at the same
/// place. Read back, the id tells whether an event is still what was written, and where.
/// </summary>
internal static class EventId
{
    /// <summary>The start of SHA-256 over stream, revision, type, whether the data is JSON, metadata and data, as a UUID of version 8.</summary>
    internal static Guid Of(string stream, long revision, string type, bool isJson, ReadOnlySpan<byte> metadata, ReadOnlySpan<byte> data)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendText(sha, stream);
        AppendNumber(sha, isJson ? revision : ~revision);
        AppendText(sha, type);
        AppendNumber(sha, metadata.Length);
        sha.AppendData(metadata);
        sha.AppendData(data);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        sha.GetHashAndReset(hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    internal static UUID ToMessage(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return new UUID
        {
            Structured = new UUID.Types.Structured
            {
                MostSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes),
                LeastSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]),
            },
        };
    }

    /// <summary>Of either form; empty where it is none.</summary>
    internal static Guid Of(UUID? message)
    {
        if (message?.Structured is { } parts)
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteInt64BigEndian(bytes, parts.MostSignificantBits);
            BinaryPrimitives.WriteInt64BigEndian(bytes[8..], parts.LeastSignificantBits);
            return new Guid(bytes, bigEndian: true);
        }

        return Guid.TryParse(message?.String, out var id) ? id : Guid.Empty;
    }

    private static void AppendText(IncrementalHash sha, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        AppendNumber(sha, length);
        Span<byte> bytes = length <= 512 ? stackalloc byte[length] : new byte[length];
        Encoding.UTF8.GetBytes(text, bytes);
        sha.AppendData(bytes);
    }

    private static void AppendNumber(IncrementalHash sha, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        sha.AppendData(bytes);
    }
}
