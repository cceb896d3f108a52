using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>What headers, trailers and failures of HTTP mean as a status.</summary>
internal static class AnswerStatus
{
    private const int LastCode = (int)GrpcStatusCode.Unauthenticated;

    /// <summary>The status of an answer that has no messages, or is no gRPC; null where messages follow.</summary>
    public static Status? OfHeaders(HttpResponseMessage response)
    {
        string? contentType = response.Content.Headers.ContentType?.ToString();
        bool isGrpc = response.StatusCode == HttpStatusCode.OK && ContentType.IsGrpc(contentType);
        return Find(response.Headers) ?? (isGrpc ? null : OfHttp(response.StatusCode, contentType));
    }

    /// <summary>The status behind the last message.</summary>
    public static Status OfTrailers(HttpResponseMessage response) =>
        Find(response.TrailingHeaders) ?? Status.Of(GrpcStatusCode.Unknown, "The server ended the call without a status.");

    /// <summary>How the messages are compressed; null: not.</summary>
    public static string? Encoding(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("grpc-encoding", out HeaderStringValues encoding) ? encoding.ToString() : null;

    /// <summary>The status in headers or trailers; null where there is none.</summary>
    private static Status? Find(HttpResponseHeaders place)
    {
        if (!place.NonValidated.TryGetValues(Status.CodeName, out HeaderStringValues codes))
        {
            return null;
        }

        string text = codes.ToString();
        string message = place.NonValidated.TryGetValues(Status.MessageName, out HeaderStringValues messages)
            ? PercentText.Decode(messages.ToString())
            : "";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int code) || code > LastCode)
        {
            (code, message) = ((int)GrpcStatusCode.Unknown, $"The server ended the call with the unknown status '{text}': {message}");
        }

        return new Status((GrpcStatusCode)code, message, Metadata(place));
    }

    /// <summary>What the application may see of headers or trailers; binary values that are not base64 are left out.</summary>
    public static GrpcMetadata Metadata(HttpResponseHeaders place)
    {
        var metadata = new GrpcMetadata();
        foreach ((string name, HeaderStringValues values) in place.NonValidated)
        {
            foreach (string value in values)
            {
                metadata.TryTake(name, value);
            }
        }

        return metadata;
    }

    /// <summary>For an answer that is no gRPC: something between us and the server, or another server.</summary>
    private static Status OfHttp(HttpStatusCode code, string? contentType)
    {
        GrpcStatusCode status = code switch
        {
            HttpStatusCode.BadRequest => GrpcStatusCode.Internal,
            HttpStatusCode.Unauthorized => GrpcStatusCode.Unauthenticated,
            HttpStatusCode.Forbidden => GrpcStatusCode.PermissionDenied,
            HttpStatusCode.NotFound => GrpcStatusCode.Unimplemented,
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout => GrpcStatusCode.Unavailable,
            _ => GrpcStatusCode.Unknown,
        };
        return Status.Of(status, $"The answer is no gRPC: HTTP status {(int)code}, content type {contentType ?? "none"}.");
    }

    /// <summary>For a request or a stream that broke. The codes are HTTP/2's (RFC 9113, section 7).</summary>
    public static Status OfFailure(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpProtocolException protocol)
            {
                return Status.Of(OfReset(protocol.ErrorCode), $"The server broke the stream off: {protocol.Message}");
            }
        }

        return Status.Of(GrpcStatusCode.Unavailable, $"The server cannot be reached: {failure.GetBaseException().Message}");
    }

    private static GrpcStatusCode OfReset(long code) => code switch
    {
        0x0 => GrpcStatusCode.Unavailable, // NO_ERROR: the connection was closed in good order
        0x1 => GrpcStatusCode.Unavailable, // PROTOCOL_ERROR: so SocketsHttpHandler calls a ping that nobody answered, too
        0x7 => GrpcStatusCode.Unavailable, // REFUSED_STREAM
        0x8 => GrpcStatusCode.Cancelled, // CANCEL
        0xb => GrpcStatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xc => GrpcStatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => GrpcStatusCode.Internal,
    };
}
