using Google.Protobuf;

namespace Nitro.Grpc;

/// <summary>The stream of responses of one call.</summary>
public sealed class GrpcResponses<TResponse>
    where TResponse : class, IMessage<TResponse>
{
    private readonly GrpcServerCall _call;

    internal GrpcResponses(GrpcServerCall call) => _call = call;

    /// <summary>
    /// Sends one, and returns when the connection has room for the next: a client that does not read holds its own call up. Any thread
    /// may call; messages go out one at a time.
    /// </summary>
    /// <exception cref="OperationCanceledException">The call is over; or the token fired while an earlier message was held up: this one is
    /// not sent, and the stream goes on.</exception>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: the message is longer than the server's limit; the stream goes on.</exception>
    public Task WriteAsync(TResponse response, CancellationToken cancellationToken = default) => WriteAsync([response], cancellationToken);

    /// <summary>Sends several at once, as <see cref="WriteAsync(TResponse, CancellationToken)"/> sends one: none of another task comes between them.</summary>
    /// <exception cref="OperationCanceledException">As there.</exception>
    /// <exception cref="GrpcException">As there; those before the one that is too long go out with what comes next.</exception>
    public Task WriteAsync(IReadOnlyList<TResponse> responses, CancellationToken cancellationToken = default) => _call.SendAsync(responses, cancellationToken);
}
