namespace Nitro.Grpc.Wire;

/// <summary>How a call ended, with what came along.</summary>
internal sealed record Status(GrpcStatusCode Code, string Message, GrpcMetadata Trailers)
{
    public const string CodeName = "grpc-status";
    public const string MessageName = "grpc-message";

    public static Status Ok { get; } = new(GrpcStatusCode.Ok, "", new GrpcMetadata());

    public static Status Of(GrpcStatusCode code, string message) => new(code, message, new GrpcMetadata());

    public static Status Of(GrpcException problem) => new(problem.Code, problem.Message, problem.Trailers);

    public GrpcException ToException(Exception? inner = null) => new(Code, Message, Trailers, inner);
}
