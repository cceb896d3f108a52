using System.Buffers;
using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace Nitro.Ethereum.Rpc;

/// <summary>
/// JSON-RPC over one WebSocket. Connects when the first request needs it, and anew after a loss; what was under way then fails.
/// </summary>
public sealed class WebSocketTransport : IRpcTransport
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<ReadOnlyMemory<byte>>> _waiting = new();
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _closed = new();
    private readonly Uri _url;
    private readonly string? _bearerToken;
    private readonly int _maxResponseBytes;
    private ClientWebSocket? _socket;
    private Task _receiving = Task.CompletedTask;
    private long _connection;

    /// <summary>Makes a transport; nothing is sent yet.</summary>
    public WebSocketTransport(Uri url, string? bearerToken, int maxResponseBytes)
    {
        _url = url;
        _bearerToken = bearerToken;
        _maxResponseBytes = maxResponseBytes;
        Endpoint = $"{url.Scheme}://{url.Host}:{url.Port}";
    }

    /// <inheritdoc/>
    public string Endpoint { get; }

    /// <inheritdoc/>
    public long Connection => _socket is { State: WebSocketState.Open } ? Interlocked.Read(ref _connection) : 0;

    /// <inheritdoc/>
    public Action? Notified { get; set; }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> ExchangeAsync(long id, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<ReadOnlyMemory<byte>>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                var socket = await ConnectedAsync(cancellationToken).ConfigureAwait(false);
                _waiting[id] = answer;

                // A send that is cancelled half-way aborts the socket, so the request's time-out must not reach it:
                // only the closing of the transport does.
                await socket.SendAsync(request, WebSocketMessageType.Text, true, _closed.Token).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _gate.Release();
            }

            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is WebSocketException or IOException or InvalidOperationException
            || (problem is OperationCanceledException && _closed.IsCancellationRequested && !cancellationToken.IsCancellationRequested))
        {
            throw Lost(problem);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        _socket?.Dispose();
        FailAll(Lost(null));
    }

    private async Task<ClientWebSocket> ConnectedAsync(CancellationToken cancellationToken)
    {
        if (_socket is { State: WebSocketState.Open } open)
        {
            return open;
        }

        _socket?.Dispose();
        await _receiving.ConfigureAwait(false);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(20);
            socket.Options.KeepAliveTimeout = TimeSpan.FromSeconds(20);
            if (!string.IsNullOrEmpty(_bearerToken))
            {
                socket.Options.SetRequestHeader("Authorization", "Bearer " + _bearerToken);
            }

            await socket.ConnectAsync(_url, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        _socket = socket;
        Interlocked.Increment(ref _connection);
        _receiving = ReceiveAsync(socket);
        return socket;
    }

    private async Task ReceiveAsync(ClientWebSocket socket)
    {
        EndpointException end;
        try
        {
            end = await ReceiveUntilClosedAsync(socket).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            end = Lost(problem);
        }

        socket.Abort();
        FailAll(end);
        Notified?.Invoke();
    }

    private async Task<EndpointException> ReceiveUntilClosedAsync(ClientWebSocket socket)
    {
        var message = new ArrayBufferWriter<byte>(64 * 1024);
        while (true)
        {
            var received = await socket.ReceiveAsync(message.GetMemory(16 * 1024), _closed.Token).ConfigureAwait(false);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return Lost(null);
            }

            message.Advance(received.Count);
            if (message.WrittenCount > _maxResponseBytes)
            {
                return new EndpointException(
                    EndpointTrouble.TooLarge,
                    $"The chain endpoint {Endpoint} sent an answer of more than {_maxResponseBytes} bytes.");
            }

            if (received.EndOfMessage)
            {
                Deliver(message.WrittenSpan.ToArray());
                message.ResetWrittenCount();
            }
        }
    }

    private void Deliver(ReadOnlyMemory<byte> message)
    {
        if (RpcText.AnsweredId(message.Span) is not { } id)
        {
            Notified?.Invoke();
        }
        else if (_waiting.TryRemove(id, out var waiting))
        {
            waiting.TrySetResult(message);
        }
    }

    private void FailAll(EndpointException end)
    {
        foreach (var id in _waiting.Keys)
        {
            if (_waiting.TryRemove(id, out var waiting))
            {
                waiting.TrySetException(end);
            }
        }
    }

    private EndpointException Lost(Exception? cause) => cause is null
        ? new EndpointException(EndpointTrouble.Unreachable, $"The chain endpoint {Endpoint} closed the connection.")
        : EndpointException.Unreachable(Endpoint, cause);
}
