using System.Text.Json;

namespace Nitro.Ethereum.Rpc;

/// <summary>
/// A JSON-RPC client for one node. Every call ends within the request time-out, with a result or an <see cref="EthereumRpcException"/>.
/// It never repeats a request by itself: who asked knows whether that makes sense.
/// </summary>
public sealed class EthereumRpc(IRpcTransport transport, TimeSpan requestTimeout) : IAsyncDisposable
{
    private long _lastId;
    private volatile bool _connected;

    /// <summary>What carries the requests.</summary>
    public IRpcTransport Transport { get; } = transport;

    /// <summary>Whether the last request got an answer of any kind.</summary>
    public bool Connected => _connected;

    /// <summary>A client over http(s) or ws(s), by the URL's scheme.</summary>
    /// <exception cref="EthereumSetupException">The URL has another scheme.</exception>
    public static EthereumRpc Open(Uri url, string? bearerToken, TimeSpan requestTimeout, int maxResponseBytes) => url.Scheme switch
    {
        "http" or "https" => new EthereumRpc(new HttpTransport(url, bearerToken, maxResponseBytes), requestTimeout),
        "ws" or "wss" => new EthereumRpc(new WebSocketTransport(url, bearerToken, maxResponseBytes), requestTimeout),
        _ => throw new EthereumSetupException($"The chain URL has scheme '{url.Scheme}': give http, https, ws or wss."),
    };

    /// <summary>Calls a method; <paramref name="parameters"/> writes the elements of the params array.</summary>
    /// <exception cref="EndpointException">No usable answer.</exception>
    /// <exception cref="NodeErrorException">The node answered with an error.</exception>
    public async Task<JsonElement> CallAsync(string method, Action<Utf8JsonWriter>? parameters, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastId);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(requestTimeout);
        try
        {
            var answer = await Transport.ExchangeAsync(id, RpcText.Request(id, method, parameters), limit.Token).ConfigureAwait(false);
            var result = RpcText.Result(Transport.Endpoint, method, id, answer);
            _connected = true;
            return result;
        }
        catch (NodeErrorException)
        {
            _connected = true;
            throw;
        }
        catch (EndpointException)
        {
            _connected = false;
            throw;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _connected = false;
            throw new EndpointException(
                EndpointTrouble.TimedOut,
                $"The chain endpoint {Transport.Endpoint} did not answer {method} within {requestTimeout.TotalSeconds:0.#} s.");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Transport.DisposeAsync();
}
