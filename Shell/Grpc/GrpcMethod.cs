using Google.Protobuf;

namespace Nitro.Grpc;

/// <summary>
/// One method of a service: what a <c>rpc</c> line of a .proto file says. The server binds a handler to it, the client calls it.
/// <paramref name="service"/>: with its package, such as <c>greenlight.Node</c>.
/// </summary>
public sealed class GrpcMethod<TRequest, TResponse>(string service, string name, GrpcMethodKind kind)
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>, new()
{
    /// <summary>The path of the HTTP request: <c>/package.Service/Method</c>.</summary>
    public string Path { get; } = $"/{service}/{name}";

    /// <summary>Who sends streams.</summary>
    public GrpcMethodKind Kind { get; } = kind;

    internal MessageParser<TRequest> Requests { get; } = new(static () => new TRequest());

    internal MessageParser<TResponse> Responses { get; } = new(static () => new TResponse());

    /// <summary>The path.</summary>
    public override string ToString() => Path;
}
