using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Nitro.Grpc;

/// <summary>
/// The client of one server. Connects when the first call needs it and again after a connection was lost. A failed call throws
/// <see cref="GrpcException"/>; one that its own caller cancels throws <see cref="OperationCanceledException"/>.
/// </summary>
public sealed class GrpcChannel : IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly Uri _origin;
    private readonly GrpcChannelOptions _options;

    /// <summary><paramref name="address"/>: <c>http://host:port</c> (HTTP/2 without TLS), <c>https://host:port</c> or <c>unix:///path</c>.</summary>
    /// <exception cref="ArgumentException">Another scheme.</exception>
    public GrpcChannel(Uri address, GrpcChannelOptions? options = null)
    {
        _options = options ?? new GrpcChannelOptions();
        SocketsHttpHandler handler = Handler(_options);
        switch (address.Scheme)
        {
            case "http" or "https":
                _origin = address;
                break;
            case "unix":
                _origin = new Uri("http://localhost");
                string socketFile = address.LocalPath;
                handler.ConnectCallback = (_, token) => ConnectAsync(socketFile, token);
                break;
            default:
                throw new ArgumentException($"{address} has a scheme other than http, https and unix.", nameof(address));
        }

        _invoker = new HttpMessageInvoker(handler);
    }

    /// <summary>Calls a method with one request and one response.</summary>
    /// <exception cref="GrpcException">Any status other than OK.</exception>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, GrpcCallOptions? options, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        using GrpcCall<TRequest, TResponse> call = Start(method, request, options, cancellationToken);
        return await call.SingleAsync(cancellationToken);
    }

    /// <summary>Calls a method with a stream of responses. Whoever stops reading cancels the call.</summary>
    /// <exception cref="GrpcException">While reading: any status other than OK.</exception>
    public async IAsyncEnumerable<TResponse> ServerStreamAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, GrpcCallOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        using GrpcCall<TRequest, TResponse> call = Start(method, request, options, cancellationToken);
        while (await call.ReadAsync(cancellationToken) is { } response)
        {
            yield return response;
        }
    }

    /// <summary>Starts a call with one request; for those who want headers, trailers or single responses.</summary>
    /// <exception cref="ArgumentException">The method takes a stream of requests.</exception>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: the request is too long; nothing was sent.</exception>
    public GrpcCall<TRequest, TResponse> Start<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, GrpcCallOptions? options, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        method.Kind is GrpcMethodKind.Unary or GrpcMethodKind.ServerStreaming
            ? new(_invoker, _origin, method, RequestContent.Of(request, _options.MaxSendBytes), _options, options, cancellationToken)
            : throw new ArgumentException($"{method} takes a stream of requests.", nameof(method));

    /// <summary>Starts a call with a stream of requests.</summary>
    /// <exception cref="ArgumentException">The method takes one request.</exception>
    public GrpcCall<TRequest, TResponse> Start<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, GrpcCallOptions? options, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        method.Kind is GrpcMethodKind.ClientStreaming or GrpcMethodKind.Duplex
            ? new(_invoker, _origin, method, RequestContent.Open(), _options, options, cancellationToken)
            : throw new ArgumentException($"{method} takes one request; give it.", nameof(method));

    /// <summary>Closes the connections; running calls fail.</summary>
    public void Dispose() => _invoker.Dispose();

    private static SocketsHttpHandler Handler(GrpcChannelOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = options.ConnectTimeout,
            KeepAlivePingDelay = options.PingDelay,
            KeepAlivePingTimeout = options.PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };
        if (options.Tls is { } tls)
        {
            handler.SslOptions = tls;
        }

        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(string socketFile, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketFile), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
