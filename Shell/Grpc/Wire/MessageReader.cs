using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Nitro.Grpc.Wire;

/// <summary>
/// Takes messages out of a body, one after the other, by one reader at a time. Holds what has arrived and never more than a message and
/// its prefix; a length over the limit is refused before its bytes are taken in.
/// </summary>
internal sealed class MessageReader<T>(PipeReader body, MessageParser<T> parser, int maxBytes, string? encoding)
    where T : class, IMessage<T>
{
    /// <summary>The next message, or null after the last.</summary>
    /// <exception cref="GrpcException">INTERNAL: no frame, no protobuf, or cut off; RESOURCE_EXHAUSTED: too long.</exception>
    public async ValueTask<T?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await body.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> rest = read.Buffer;
            SequencePosition examined = rest.End;
            try
            {
                if (TryTake(ref rest) is { } message)
                {
                    examined = rest.Start;
                    return message;
                }

                if (read.IsCompleted)
                {
                    return rest.IsEmpty ? null : throw Broken("The stream of messages ends in the middle of one.");
                }
            }
            finally
            {
                body.AdvanceTo(rest.Start, examined);
            }
        }
    }

    private static GrpcException Broken(string message, Exception? inner = null) => new(GrpcStatusCode.Internal, message, null, inner);

    private T? TryTake(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < MessageFrame.PrefixBytes)
        {
            return null;
        }

        Span<byte> prefix = stackalloc byte[MessageFrame.PrefixBytes];
        buffer.Slice(0, MessageFrame.PrefixBytes).CopyTo(prefix);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        bool isPacked = IsPacked(prefix[0]);
        if (length > maxBytes)
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted, $"A message of {length} bytes is not taken; at most {maxBytes} are allowed.");
        }

        if (buffer.Length < MessageFrame.PrefixBytes + length)
        {
            return null;
        }

        ReadOnlySequence<byte> message = buffer.Slice(MessageFrame.PrefixBytes, length);
        buffer = buffer.Slice(message.End);
        return Parse(isPacked ? Gzip.Unpack(message, maxBytes) : message);
    }

    private bool IsPacked(byte flag) => flag switch
    {
        0 => false,
        1 when encoding == Encodings.Gzip => true,
        1 => throw Broken($"A message is marked as compressed, but the encoding of the stream is {encoding ?? Encodings.Identity}."),
        _ => throw Broken($"A message begins with the byte {flag}, which is neither 0 nor 1."),
    };

    private T Parse(ReadOnlySequence<byte> message)
    {
        try
        {
            return parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Broken("A message is not the protobuf that the method takes.", e);
        }
    }
}
