using Google.Protobuf;
using Google.Protobuf.Reflection;
using Nitro.SignerProtocol;

namespace Nitro.Shell.Tests.Signing.Hostile;

/// <summary>Any bytes, where a peer expects a message.</summary>
internal sealed class Frame : IMessage<Frame>, IBufferMessage
{
    public byte[] Bytes { get; init; } = [];

    /// <inheritdoc/>
    public MessageDescriptor Descriptor => HsmRequest.Descriptor;

    /// <inheritdoc/>
    public int CalculateSize() => Bytes.Length;

    /// <inheritdoc/>
    public Frame Clone() => new() { Bytes = Bytes };

    /// <inheritdoc/>
    public bool Equals(Frame? other) => other is not null && Bytes.AsSpan().SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Frame);

    /// <inheritdoc/>
    public override int GetHashCode() => Bytes.Length;

    /// <inheritdoc/>
    public void MergeFrom(Frame message) => throw new NotSupportedException("It is sent only.");

    /// <inheritdoc/>
    public void MergeFrom(CodedInputStream input) => throw new NotSupportedException("It is sent only.");

    /// <inheritdoc/>
    public void WriteTo(CodedOutputStream output) => throw new NotSupportedException("It is written into buffers.");

    /// <inheritdoc/>
    public void InternalMergeFrom(ref ParseContext context) => throw new NotSupportedException("It is sent only.");

    /// <inheritdoc/>
    public void InternalWriteTo(ref WriteContext context)
    {
        foreach (var single in Bytes)
        {
            context.WriteRawTag(single);
        }
    }
}
