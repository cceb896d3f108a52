using Google.Protobuf;
using Nitro.EventStore.Protocol;

namespace Nitro.EventStore.Streams;

/// <summary>An event before it is in a stream. <see cref="Size"/>: as the server counts it towards an append, in bytes.</summary>
internal sealed record ProposedEvent(Guid Id, string Type, bool IsJson, ReadOnlyMemory<byte> Metadata, ReadOnlyMemory<byte> Data)
{
    internal const string TypeKey = "type";
    internal const string FormatKey = "content-type";
    internal const string Json = "application/json";
    internal const string Binary = "application/octet-stream";

    internal int Size => Data.Length + Metadata.Length + (2 * Type.Length);

    internal static ProposedEvent Of(BatchAppendReq.Types.ProposedMessage message) => new(
        EventId.Of(message.Id),
        message.Metadata[TypeKey],
        message.Metadata[FormatKey] == Json,
        message.CustomMetadata.Memory,
        message.Data.Memory);

    /// <summary>The bytes are not copied: they must not change before the answer.</summary>
    internal BatchAppendReq.Types.ProposedMessage ToMessage() => new()
    {
        Id = EventId.ToMessage(Id),
        Metadata = { [TypeKey] = Type, [FormatKey] = IsJson ? Json : Binary },
        CustomMetadata = UnsafeByteOperations.UnsafeWrap(Metadata),
        Data = UnsafeByteOperations.UnsafeWrap(Data),
    };
}
