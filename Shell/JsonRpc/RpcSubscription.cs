using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>An open subscription of an <see cref="RpcClient"/>. One reader.</summary>
public sealed class RpcSubscription : IAsyncDisposable
{
    private const int ReadBytes = 16 * 1024;
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(2);
    private readonly ClientWebSocket _socket;
    private readonly int _maxBytes;

    internal RpcSubscription(ClientWebSocket socket, int maxBytes)
    {
        _socket = socket;
        _maxBytes = maxBytes;
    }

    /// <summary>The notifications in order, until the node closes the subscription.</summary>
    /// <exception cref="RpcUnreachable">The connection broke, or the node closed it for a reason the message gives.</exception>
    public async IAsyncEnumerable<NodeNotification> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReceiveAsync(cancellationToken) is { } message)
        {
            if (Parse(message) is { } notification)
            {
                yield return notification;
            }
        }
    }

    /// <summary>Says goodbye and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(FarewellTime);
        try
        {
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The other side is gone already.
        }

        _socket.Dispose();
    }

    private async Task<ReadOnlyMemory<byte>?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var message = new ArrayBufferWriter<byte>();
        try
        {
            while (message.WrittenCount <= _maxBytes)
            {
                ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(message.GetMemory(ReadBytes), cancellationToken);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    return _socket.CloseStatus == WebSocketCloseStatus.NormalClosure
                        ? null
                        : throw new RpcUnreachable($"The node closed the subscription: {_socket.CloseStatusDescription}");
                }

                message.Advance(part.Count);
                if (part.EndOfMessage)
                {
                    return message.WrittenMemory;
                }
            }
        }
        catch (WebSocketException e)
        {
            throw new RpcUnreachable($"The subscription broke off: {e.Message} Subscribe again and read the channels anew.", e);
        }

        throw new RpcUnreachable($"The node sent a message of more than {_maxBytes} bytes. Check that the address is a node's.");
    }

    /// <summary>Null for what is no notification, such as the reply to a request.</summary>
    private static NodeNotification? Parse(ReadOnlyMemory<byte> message)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(message);
            return document.RootElement.TryGetProperty("method", out JsonElement method)
                && document.RootElement.TryGetProperty("params", out JsonElement parameters)
                && parameters.TryGetProperty("payload", out JsonElement payload)
                && method.GetString() is { } name
                ? new NodeNotification(name, JsonMarshal.GetRawUtf8Value(payload).ToArray())
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new RpcUnreachable(
                $"The node sent something that is no notification: {e.Message} Check that the address is a node's.", e);
        }
    }
}
