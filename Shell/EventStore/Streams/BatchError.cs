using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Nitro.EventStore.Protocol;
using Nitro.Grpc;
using Status = Nitro.EventStore.Protocol.Status;

namespace Nitro.EventStore.Streams;

/// <summary>The error of one append, in the words in which the server ends a call of its own kind.</summary>
internal static class BatchError
{
    private const string DeletedStream = "stream-deleted", Denied = "access-denied", TooLarge = "maximum-append-size-exceeded", EventTooLarge = "maximum-append-event-size-exceeded";

    /// <summary>Where the stream is, if the error is that it is elsewhere than expected (-1: not there); else null.</summary>
    internal static long? Conflict(Status error) => error.Details is { } details && details.Is(WrongExpectedVersion.Descriptor)
        ? details.Unpack<WrongExpectedVersion>() is { CurrentCase: WrongExpectedVersion.CurrentOneofCase.CurrentStreamRevision } wrong
            ? (long)wrong.CurrentStreamRevision
            : -1
        : null;

    internal static GrpcException ToException(Status error, string stream) => error.Details switch
    {
        { } details when details.Is(StreamDeleted.Descriptor) =>
            Named(GrpcStatusCode.FailedPrecondition, error, ("exception", DeletedStream), ("stream-name", stream)),
        { } details when details.Is(AccessDenied.Descriptor) => Named(GrpcStatusCode.PermissionDenied, error, ("exception", Denied)),
        { } details when details.Is(MaximumAppendSizeExceeded.Descriptor) => Named(
            GrpcStatusCode.InvalidArgument,
            error,
            ("exception", TooLarge),
            ("maximum-append-size", details.Unpack<MaximumAppendSizeExceeded>().MaxAppendSize.ToString(CultureInfo.InvariantCulture))),
        { } details when details.Is(MaximumAppendEventSizeExceeded.Descriptor) => Named(
            GrpcStatusCode.InvalidArgument,
            error,
            ("exception", EventTooLarge),
            ("maximum-append-event-size", details.Unpack<MaximumAppendEventSizeExceeded>().MaxAppendEventSize.ToString(CultureInfo.InvariantCulture))),
        { } details when details.Is(BadRequest.Descriptor) => Named(GrpcStatusCode.InvalidArgument, error),
        { } details when details.Is(Protocol.Timeout.Descriptor) => Named(GrpcStatusCode.DeadlineExceeded, error),

        // A server that is busy or not ready leaves the code out.
        _ => Named(error.Code is > 0 and <= (int)GrpcStatusCode.Unauthenticated ? (GrpcStatusCode)error.Code : GrpcStatusCode.Unavailable, error),
    };

    private static GrpcException Named(GrpcStatusCode code, Status error, params (string Name, string Value)[] trailers)
    {
        var metadata = new GrpcMetadata();
        foreach (var (name, value) in trailers)
        {
            metadata.Add(name, value);
        }

        return new GrpcException(code, error.Message, metadata);
    }
}
