using System.Buffers;
using System.Net.WebSockets;

namespace Nitro.JsonRpc;

/// <summary>
/// One WebSocket: notifications out, requests in, replies out. Whatever the peer does or fails to do, it ends by itself in bounded time
/// and memory.
/// </summary>
internal sealed class SubscribeSocket(WebSocket socket, Outbox outbox, RpcOptions options)
{
    private const int ReadBytes = 16 * 1024;

    /// <summary>Runs until the peer leaves, falls behind or dies, or the server stops.</summary>
    public async Task RunAsync(Conversation conversation, CancellationToken stopping)
    {
        using var life = new CancellationTokenSource();
        using CancellationTokenRegistration stop = stopping.Register(() => outbox.End(OutboxEnd.Stopping));
        Task reading = ReadAsync(conversation, life.Token);
        Task writing = QuietlyAsync(outbox.WriteAllAsync(SendAsync, life.Token));

        // A failed write ends the connection as well: the peer is dead.
        await Task.WhenAny(outbox.Ended, writing);
        life.CancelAfter(options.CloseTimeout);
        await writing;
        await QuietlyAsync(SayGoodbyeAsync(outbox.Ended.IsCompleted ? await outbox.Ended : OutboxEnd.PeerDone, life.Token));
        await reading;
        socket.Abort();
    }

    private async Task ReadAsync(Conversation conversation, CancellationToken cancellationToken)
    {
        await QuietlyAsync(conversation.ReadAllAsync(ReceiveAsync, cancellationToken));
        outbox.End(OutboxEnd.PeerDone);
    }

    private async ValueTask<Incoming?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var message = new ArrayBufferWriter<byte>();
        while (true)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(message.GetMemory(ReadBytes), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Advance(part.Count);
            if (message.WrittenCount > options.RequestBytes)
            {
                string reason = $"a request takes at most {options.RequestBytes} bytes";
                await CloseAsync(WebSocketCloseStatus.MessageTooBig, reason, cancellationToken);
                return null;
            }

            if (part.EndOfMessage)
            {
                return new Incoming(message.WrittenMemory);
            }
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.WriteTimeout);
        await socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, limit.Token);
    }

    private Task SayGoodbyeAsync(OutboxEnd reason, CancellationToken cancellationToken) => reason switch
    {
        OutboxEnd.TooSlow => CloseAsync(
            WebSocketCloseStatus.PolicyViolation,
            $"more than {options.SubscriberQueue} notifications waited; reconnect and read the channels anew",
            cancellationToken),
        OutboxEnd.Stopping => CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "the node stops; reconnect later", cancellationToken),
        _ => CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken),
    };

    private async Task CloseAsync(WebSocketCloseStatus status, string? reason, CancellationToken cancellationToken)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await socket.CloseOutputAsync(status, reason, cancellationToken);
        }
    }

    /// <summary>A connection that breaks or runs out of time is the world's weather: it ends the connection and nothing else.</summary>
    private static async Task QuietlyAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
        }
    }
}
