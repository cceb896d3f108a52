using Microsoft.Extensions.Logging;
using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>
/// Reads a node's notifications once, as fast as they come, and hands each to all outboxes. It waits for none of them, so the node never
/// waits for a subscriber.
/// </summary>
internal sealed partial class NotificationFan(
    INodePort node, Func<NodeNotification, ReadOnlyMemory<byte>> format, ILogger logger) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<Outbox> _outboxes = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _reading = Task.CompletedTask;
    private bool _isReading;

    /// <summary>From when this returns, every notification reaches the outbox, until it is removed or ends.</summary>
    public void Add(Outbox outbox)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                outbox.End(OutboxEnd.Stopping);
                return;
            }

            _outboxes.Add(outbox);
            if (!_isReading)
            {
                _isReading = true;
                _reading = ReadAsync();
            }
        }
    }

    public void Remove(Outbox outbox)
    {
        lock (_gate)
        {
            _outboxes.Remove(outbox);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task reading;
        lock (_gate)
        {
            _stop.Cancel();
            reading = _reading;
        }

        EndAll();
        await reading;
    }

    private async Task ReadAsync()
    {
        try
        {
            // Asked for the first one before anything is awaited: when Add returns, the node counts us as a reader.
            await using IAsyncEnumerator<NodeNotification> notifications = node.NotificationsAsync(_stop.Token).GetAsyncEnumerator();
            ValueTask<bool> next = notifications.MoveNextAsync();
            await Task.Yield();
            while (await next)
            {
                Send(format(notifications.Current));
                next = notifications.MoveNextAsync();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopping is the usual end.
        }
        catch (Exception e)
        {
            LogFailure(logger, e);
        }

        EndAll();
    }

    private void Send(ReadOnlyMemory<byte> frame)
    {
        lock (_gate)
        {
            foreach (Outbox outbox in _outboxes)
            {
                outbox.Notify(frame);
            }

            _outboxes.RemoveWhere(outbox => outbox.Ended.IsCompleted);
        }
    }

    private void EndAll()
    {
        lock (_gate)
        {
            foreach (Outbox outbox in _outboxes)
            {
                outbox.End(OutboxEnd.Stopping);
            }

            _outboxes.Clear();
            _isReading = false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The node's notifications broke off; subscribers are closed and may reconnect")]
    private static partial void LogFailure(ILogger logger, Exception cause);
}
