using Nitro.EventStore.Protocol;
using Nitro.Grpc;

namespace Nitro.EventStore.Streams;

/// <summary>The methods of EventStoreDB that a journal calls, and two more that other clients do: Append and Tombstone.</summary>
internal static class Methods
{
    private const string Streams = "event_store.client.streams.Streams";

    /// <summary>A stream's events, or those of all.</summary>
    internal static GrpcMethod<ReadReq, ReadResp> Read { get; } = new(Streams, "Read", GrpcMethodKind.ServerStreaming);

    /// <summary>Options first, then the events.</summary>
    internal static GrpcMethod<AppendReq, AppendResp> Append { get; } = new(Streams, "Append", GrpcMethodKind.ClientStreaming);

    /// <summary>Appends, as many as one likes, on one call.</summary>
    internal static GrpcMethod<BatchAppendReq, BatchAppendResp> BatchAppend { get; } = new(Streams, "BatchAppend", GrpcMethodKind.Duplex);

    /// <summary>Hides a stream's events; numbering goes on if it is written to again.</summary>
    internal static GrpcMethod<DeleteReq, DeleteResp> Delete { get; } = new(Streams, "Delete", GrpcMethodKind.Unary);

    /// <summary>Ends a stream for ever.</summary>
    internal static GrpcMethod<DeleteReq, DeleteResp> Tombstone { get; } = new(Streams, "Tombstone", GrpcMethodKind.Unary);

    /// <summary>The members of the cluster as one of them sees them.</summary>
    internal static GrpcMethod<Empty, ClusterInfo> Gossip { get; } = new("event_store.client.gossip.Gossip", "Read", GrpcMethodKind.Unary);

    /// <summary>The server's version and what it can do.</summary>
    internal static GrpcMethod<Empty, SupportedMethods> SupportedMethods { get; } =
        new("event_store.client.server_features.ServerFeatures", "GetSupportedMethods", GrpcMethodKind.Unary);
}
