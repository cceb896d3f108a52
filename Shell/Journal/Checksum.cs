using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Nitro.Journal;

/// <summary>
/// The eight bytes stored with each record: the start of SHA-256 over position, time, version, length of the type, type and
/// body. Finds damage, not malice. For one thread at a time.
/// </summary>
internal sealed class Checksum : IDisposable
{
    private const int HeaderLength = 24;

    private readonly IncrementalHash sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    internal long Of(long position, long atMicros, string type, long version, ReadOnlySpan<byte> body)
    {
        var typeLength = Encoding.UTF8.GetByteCount(type);
        var size = HeaderLength + typeLength;
        Span<byte> head = size <= 512 ? stackalloc byte[size] : new byte[size];
        BinaryPrimitives.WriteInt64LittleEndian(head, position);
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], atMicros);
        BinaryPrimitives.WriteInt32LittleEndian(head[16..], (int)version);
        BinaryPrimitives.WriteInt32LittleEndian(head[20..], typeLength);
        Encoding.UTF8.GetBytes(type, head[HeaderLength..]);
        sha.AppendData(head);
        sha.AppendData(body);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        sha.GetHashAndReset(hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    public void Dispose() => sha.Dispose();
}
