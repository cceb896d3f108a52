using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Nitro.EventStore.Protocol;
using Nitro.Grpc;
using Status = Nitro.EventStore.Protocol.Status;

namespace Nitro.FakeEventStore;

/// <summary>Failures in EventStoreDB's own words: a status with trailers, or the error of a batch reply.</summary>
internal static class Errors
{
    internal static GrpcException NotLeader(string host, int port) => With(
        GrpcStatusCode.NotFound,
        "Leader info available",
        ("exception", "not-leader"),
        ("leader-endpoint-host", host),
        ("leader-endpoint-port", port.ToString(CultureInfo.InvariantCulture)));

    internal static GrpcException NoLeader() => new(GrpcStatusCode.Unknown, "No leader info available in response");

    internal static GrpcException NotReady() => new(GrpcStatusCode.Unavailable, "Server Is Not Ready");

    internal static GrpcException TimedOut() => new(GrpcStatusCode.Aborted, "Operation timed out: commit phase timeout");

    internal static GrpcException Thrown() => new(GrpcStatusCode.Unknown, "Exception was thrown by handler.");

    internal static GrpcException AccessDenied() => With(GrpcStatusCode.PermissionDenied, "Access Denied", ("exception", "access-denied"));

    internal static GrpcException Unauthenticated() => new(GrpcStatusCode.Unauthenticated, "");

    internal static GrpcException Deleted(string stream) => With(
        GrpcStatusCode.FailedPrecondition, $"Event stream '{stream}' is deleted.", ("exception", "stream-deleted"), ("stream-name", stream));

    internal static GrpcException WrongVersion(string stream, Expectation expected, long actual) => With(
        GrpcStatusCode.FailedPrecondition,
        $"Append failed due to WrongExpectedVersion. Stream: {stream}",
        ("exception", "wrong-expected-version"),
        ("stream-name", stream),
        ("expected-version", expected.Revision.ToString(CultureInfo.InvariantCulture)),
        ("actual-version", actual.ToString(CultureInfo.InvariantCulture)));

    internal static GrpcException TooLarge(int most) => With(
        GrpcStatusCode.InvalidArgument,
        $"Maximum Append Size of {most} Exceeded.",
        ("exception", "maximum-append-size-exceeded"),
        ("maximum-append-size", most.ToString(CultureInfo.InvariantCulture)));

    internal static GrpcException EventTooLarge(int most) => With(
        GrpcStatusCode.InvalidArgument,
        $"Maximum Append Event Size of {most} Exceeded.",
        ("exception", "maximum-append-event-size-exceeded"),
        ("maximum-append-event-size", most.ToString(CultureInfo.InvariantCulture)));

    internal static GrpcException MissingMetadata() => With(
        GrpcStatusCode.InvalidArgument,
        "Required Metadata Property Missing",
        ("exception", "missing-required-metadata-property"),
        ("required-metadata-properties", "type,content-type"));

    internal static GrpcException Invalid(string message) => new(GrpcStatusCode.InvalidArgument, message);

    /// <summary>The same failure as a batch reply has it.</summary>
    internal static Status InBatch(GrpcException failure, string stream) => failure.Trailers.Find("exception")?.Value switch
    {
        "stream-deleted" => Of(5, failure, new StreamDeleted { StreamIdentifier = Named.Of(stream) }),
        "maximum-append-size-exceeded" => Of(3, failure, new MaximumAppendSizeExceeded { MaxAppendSize = Most(failure, "maximum-append-size") }),
        "maximum-append-event-size-exceeded" => Of(3, failure, new MaximumAppendEventSizeExceeded { MaxAppendEventSize = Most(failure, "maximum-append-event-size") }),
        "access-denied" => Of(7, failure, new AccessDenied()),
        "missing-required-metadata-property" => Of(3, failure, new BadRequest { Message = failure.Message }),
        _ => failure.Code switch
        {
            GrpcStatusCode.InvalidArgument => Of(3, failure, new BadRequest { Message = failure.Message }),
            GrpcStatusCode.Aborted => Of(4, failure, new Nitro.EventStore.Protocol.Timeout()),
            _ => new Status { Message = failure.Message, Details = Any.Pack(new Google.Protobuf.WellKnownTypes.Empty()) }, // the real one leaves the code out
        },
    };

    internal static Status WrongVersionInBatch(Expectation expected, long actual)
    {
        var wrong = new WrongExpectedVersion();
        if (actual < 0)
        {
            wrong.CurrentNoStream = new Google.Protobuf.WellKnownTypes.Empty();
        }
        else
        {
            wrong.CurrentStreamRevision = (ulong)actual;
        }

        switch (expected.Revision)
        {
            case -1: wrong.ExpectedNoStream = new Google.Protobuf.WellKnownTypes.Empty(); break;
            case -2: wrong.ExpectedAny = new Google.Protobuf.WellKnownTypes.Empty(); break;
            case -4: wrong.ExpectedStreamExists = new Google.Protobuf.WellKnownTypes.Empty(); break;
            default: wrong.ExpectedStreamPosition = (ulong)expected.Revision; break;
        }

        return new Status { Code = 6, Message = "WrongExpectedVersion", Details = Any.Pack(wrong) };
    }

    private static uint Most(GrpcException failure, string trailer) => uint.Parse(failure.Trailers.Find(trailer)?.Value ?? "", CultureInfo.InvariantCulture);

    private static Status Of(int code, GrpcException failure, Google.Protobuf.IMessage details) =>
        new() { Code = code, Message = failure.Message, Details = Any.Pack(details) };

    private static GrpcException With(GrpcStatusCode code, string message, params (string Name, string Value)[] trailers)
    {
        var metadata = new GrpcMetadata();
        foreach (var (name, value) in trailers)
        {
            metadata.Add(name, value);
        }

        return new GrpcException(code, message, metadata);
    }
}
