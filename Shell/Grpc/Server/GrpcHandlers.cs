using System.Collections.Frozen;
using Google.Protobuf;

namespace Nitro.Grpc;

/// <summary>
/// What a server answers: one handler for each method. A handler runs until it returns or its call's token fires; what it throws ends the
/// call: a <see cref="GrpcException"/> with its status, anything else with UNKNOWN and no details. A stream of requests is read once.
/// </summary>
public sealed class GrpcHandlers
{
    private readonly Dictionary<string, Func<GrpcServerCall, Task>> _handlers = new(StringComparer.Ordinal);

    /// <summary>Binds a method with one request and one response.</summary>
    /// <exception cref="ArgumentException">The method is of another kind, or bound already.</exception>
    public GrpcHandlers Unary<TRequest, TResponse>(GrpcMethod<TRequest, TResponse> method, Func<TRequest, GrpcServerCall, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Bind(method, GrpcMethodKind.Unary, async call =>
        {
            TRequest request = await call.ReadSingleAsync(method.Requests);
            await call.AnswerAsync(await handler(request, call));
        });

    /// <summary>Binds a method with a stream of requests and one response.</summary>
    /// <exception cref="ArgumentException">The method is of another kind, or bound already.</exception>
    public GrpcHandlers ClientStreaming<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, Func<IAsyncEnumerable<TRequest>, GrpcServerCall, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Bind(method, GrpcMethodKind.ClientStreaming, async call =>
            await call.AnswerAsync(await handler(call.ReadAllAsync(method.Requests), call)));

    /// <summary>Binds a method with one request and a stream of responses.</summary>
    /// <exception cref="ArgumentException">The method is of another kind, or bound already.</exception>
    public GrpcHandlers ServerStreaming<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, Func<TRequest, GrpcResponses<TResponse>, GrpcServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Bind(method, GrpcMethodKind.ServerStreaming, async call =>
        {
            TRequest request = await call.ReadSingleAsync(method.Requests);
            await handler(request, new GrpcResponses<TResponse>(call), call);
        });

    /// <summary>Binds a method with two streams.</summary>
    /// <exception cref="ArgumentException">The method is of another kind, or bound already.</exception>
    public GrpcHandlers Duplex<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, Func<IAsyncEnumerable<TRequest>, GrpcResponses<TResponse>, GrpcServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Bind(method, GrpcMethodKind.Duplex, call =>
            handler(call.ReadAllAsync(method.Requests), new GrpcResponses<TResponse>(call), call));

    internal FrozenDictionary<string, Func<GrpcServerCall, Task>> Freeze() => _handlers.ToFrozenDictionary(StringComparer.Ordinal);

    private GrpcHandlers Bind<TRequest, TResponse>(GrpcMethod<TRequest, TResponse> method, GrpcMethodKind kind, Func<GrpcServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        if (method.Kind != kind)
        {
            throw new ArgumentException($"{method} is {method.Kind}; it takes no handler of the kind {kind}.", nameof(method));
        }

        return _handlers.TryAdd(method.Path, handler)
            ? this
            : throw new ArgumentException($"{method} has a handler already.", nameof(method));
    }
}
