using Google.Protobuf;

namespace Nitro.FakeEventStore;

/// <summary>An event as the database keeps it. <c>Created</c>: 100 ns since 1970. <c>Position</c>: among all events of all streams.</summary>
internal sealed record StoredEvent(
    Guid Id, string Stream, long Revision, string Type, bool IsJson, ByteString Metadata, ByteString Data, long Created, ulong Position)
{
    /// <summary>As it counts towards an append.</summary>
    internal int Size => Data.Length + Metadata.Length + (2 * Type.Length);
}
