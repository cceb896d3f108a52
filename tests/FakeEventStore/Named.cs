using Google.Protobuf;
using Nitro.EventStore.Protocol;

namespace Nitro.FakeEventStore;

/// <summary>Stream names on the wire.</summary>
internal static class Named
{
    internal static StreamIdentifier Of(string stream) => new() { StreamName = ByteString.CopyFromUtf8(stream) };

    /// <exception cref="Nitro.Grpc.GrpcException">INVALID_ARGUMENT: no name.</exception>
    internal static string Of(StreamIdentifier? identifier) =>
        identifier?.StreamName.ToStringUtf8() is { Length: > 0 } name ? name : throw Errors.Invalid("A stream name is required.");
}
