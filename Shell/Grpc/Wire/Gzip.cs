using System.Buffers;
using System.IO.Compression;

namespace Nitro.Grpc.Wire;

/// <summary>Messages that the other side compressed. Nothing is compressed on this side.</summary>
internal static class Gzip
{
    /// <summary>The message, unpacked.</summary>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: it would be longer than <paramref name="maxBytes"/>; INTERNAL: no gzip.</exception>
    public static ReadOnlySequence<byte> Unpack(ReadOnlySequence<byte> packed, int maxBytes)
    {
        var unpacked = new ArrayBufferWriter<byte>();
        try
        {
            using var gzip = new GZipStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
            for (int read; (read = gzip.Read(unpacked.GetSpan(4096))) > 0;)
            {
                unpacked.Advance(read);
                if (unpacked.WrittenCount > maxBytes)
                {
                    throw new GrpcException(
                        GrpcStatusCode.ResourceExhausted, $"A message unpacks to more than the {maxBytes} bytes that are allowed.");
                }
            }
        }
        catch (InvalidDataException e)
        {
            throw new GrpcException(GrpcStatusCode.Internal, "A message is marked as gzip and is none.", null, e);
        }

        return new ReadOnlySequence<byte>(unpacked.WrittenMemory);
    }
}
