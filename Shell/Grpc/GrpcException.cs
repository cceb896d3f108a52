namespace Nitro.Grpc;

/// <summary>
/// A call that ended with a status other than OK. The client throws it; a handler throws it to choose the status, the message (which the
/// caller reads) and the trailers of its answer.
/// </summary>
public sealed class GrpcException : Exception
{
    /// <summary><paramref name="code"/>: any but OK.</summary>
    public GrpcException(GrpcStatusCode code, string message, GrpcMetadata? trailers = null, Exception? inner = null)
        : base(message, inner)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(code, GrpcStatusCode.Ok);
        Code = code;
        Trailers = trailers ?? new GrpcMetadata();
    }

    /// <summary>What kind of end it was.</summary>
    public GrpcStatusCode Code { get; }

    /// <summary>What the other side added to its status; empty where the status was made on this side.</summary>
    public GrpcMetadata Trailers { get; }
}
