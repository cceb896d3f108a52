namespace Nitro.Ethereum.Rpc;

/// <summary>Carries one JSON-RPC request to the node and its answer back. Several requests may be under way at once.</summary>
public interface IRpcTransport : IAsyncDisposable
{
    /// <summary>Where the requests go, without path and credentials: fit for logs.</summary>
    string Endpoint { get; }

    /// <summary>The number of the present connection where the node can push notices (WebSocket); 0 when it cannot or is not connected.</summary>
    long Connection { get; }

    /// <summary>Called for every notice that the node pushes. It must return at once.</summary>
    Action? Notified { get; set; }

    /// <summary>Sends the request with this id and returns the answer's bytes.</summary>
    /// <exception cref="EndpointException">The endpoint is in trouble.</exception>
    ValueTask<ReadOnlyMemory<byte>> ExchangeAsync(long id, ReadOnlyMemory<byte> request, CancellationToken cancellationToken);
}
