using System.Globalization;
using Nitro.Grpc;

namespace Nitro.EventStore.Connection;

/// <summary>What a failed call says: status and trailers of EventStoreDB, put into words for the operator.</summary>
internal sealed record ServerFault(FaultKind Kind, string Reason, ServerAddress? Leader = null)
{
    internal static ServerFault Of(GrpcException failure, EventStoreSettings settings, ServerAddress? server)
    {
        var place = server is { } address ? $"the server {address}" : $"{settings}";
        return Transport.IsDistrust(failure)
            ? new ServerFault(
                FaultKind.Final,
                $"the TLS connection to {place} failed ({failure.GetBaseException().Message.TrimEnd('.')}): check the server's certificate, name the authority "
                + "that issued it with tlsCaFile, or say tls=false if the server was started without TLS")
            : Named(failure, place) ?? Plain(failure, settings, place);
    }

    /// <summary>The failures that EventStoreDB names.</summary>
    private static ServerFault? Named(GrpcException failure, string place) => failure.Trailers.Find("exception")?.Value switch
    {
        "not-leader" => new ServerFault(FaultKind.NotLeader, $"{place} is not the leader", LeaderIn(failure.Trailers)),
        "stream-deleted" => new ServerFault(
            FaultKind.Final, $"{place} says that the stream {failure.Trailers.Find("stream-name")?.Value} was deleted for ever: restore a backup of the server"),
        "access-denied" => Denied(place),
        "maximum-append-size-exceeded" => new ServerFault(
            FaultKind.Final,
            $"{place} takes at most {failure.Trailers.Find("maximum-append-size")?.Value} bytes in one append, and a journal needs 1048576: "
            + "set its option MaxAppendSize to that or more"),
        "maximum-append-event-size-exceeded" => new ServerFault(
            FaultKind.Final,
            $"{place} takes at most {failure.Trailers.Find("maximum-append-event-size")?.Value} bytes in one event, and a journal needs 1048576: "
            + "set its option MaxAppendEventSize to that or more"),
        _ => null,
    };

    private static ServerFault Plain(GrpcException failure, EventStoreSettings settings, string place) => failure.Code switch
    {
        GrpcStatusCode.Unauthenticated => new ServerFault(
            FaultKind.Final, $"{place} refused {Who(settings)}: check user and password in the connection string"),
        GrpcStatusCode.PermissionDenied => Denied(place),
        GrpcStatusCode.Unimplemented => new ServerFault(
            FaultKind.Final, $"{place} is no EventStoreDB, or one older than 21.10 ({failure.Message.TrimEnd('.')}): check the address in the connection string"),
        GrpcStatusCode.InvalidArgument or GrpcStatusCode.FailedPrecondition or GrpcStatusCode.NotFound or GrpcStatusCode.OutOfRange =>
            new ServerFault(FaultKind.Final, $"{place} refused the call ({failure.Code}: {failure.Message})"),
        GrpcStatusCode.Unavailable or GrpcStatusCode.Aborted or GrpcStatusCode.DeadlineExceeded or GrpcStatusCode.ResourceExhausted
            or GrpcStatusCode.Cancelled or GrpcStatusCode.Unknown or GrpcStatusCode.Internal or GrpcStatusCode.DataLoss
            or GrpcStatusCode.AlreadyExists or GrpcStatusCode.Ok => new ServerFault(FaultKind.Passing, $"{place} failed ({failure.Code}: {failure.Message.TrimEnd('.')})"),
        _ => new ServerFault(FaultKind.Passing, $"{place} failed with the unknown status {failure.Code}"),
    };

    private static ServerFault Denied(string place) => new(
        FaultKind.Final, $"{place} denies access: name a user in the connection string who may read and write the journal's streams");

    private static string Who(EventStoreSettings settings) => settings.User is null ? "an anonymous caller" : $"the user {settings.User}";

    private static ServerAddress? LeaderIn(GrpcMetadata trailers) =>
        trailers.Find("leader-endpoint-host")?.Value is { Length: > 0 } host
        && int.TryParse(trailers.Find("leader-endpoint-port")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new ServerAddress(host, port)
            : null;
}
