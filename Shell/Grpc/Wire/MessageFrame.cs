using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;

namespace Nitro.Grpc.Wire;

/// <summary>One message on its way out: a zero byte (not compressed), its length in four bytes, big-endian, and the message.</summary>
internal static class MessageFrame
{
    public const int PrefixBytes = 5;

    /// <summary>Writes into a buffer that sends nothing by itself.</summary>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: longer than <paramref name="maxBytes"/>; nothing was written.</exception>
    public static void Write(IBufferWriter<byte> output, IMessage message, int maxBytes)
    {
        int length = message.CalculateSize();
        if (length > maxBytes)
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted, $"A message of {length} bytes is not sent; at most {maxBytes} are allowed.");
        }

        Span<byte> prefix = output.GetSpan(PrefixBytes);
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
        output.Advance(PrefixBytes);
        message.WriteTo(output);
    }

    /// <summary>The frame as one piece of memory.</summary>
    public static ReadOnlyMemory<byte> Encode(IMessage message, int maxBytes)
    {
        var output = new ArrayBufferWriter<byte>(256);
        Write(output, message, maxBytes);
        return output.WrittenMemory;
    }
}
