using System.Threading.Channels;

namespace Nitro.JsonRpc;

/// <summary>
/// What waits to be sent on one connection. Notifications are bounded by count and never waited for: one too many ends the outbox.
/// Replies are bounded by whoever reads requests (see <see cref="Conversation"/>).
/// </summary>
internal sealed class Outbox(int notificationLimit)
{
    private readonly Channel<Item> _items = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource<OutboxEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _notifications;

    /// <summary>Completes with the first reason given.</summary>
    public Task<OutboxEnd> Ended => _ended.Task;

    private bool IsDropped => _ended.Task is { IsCompletedSuccessfully: true, Result: not OutboxEnd.PeerDone };

    public void Notify(ReadOnlyMemory<byte> frame)
    {
        if (Interlocked.Increment(ref _notifications) > notificationLimit)
        {
            End(OutboxEnd.TooSlow);
        }
        else
        {
            _items.Writer.TryWrite(new Item(frame, null));
        }
    }

    /// <summary><paramref name="sent"/> is called once the frame was written or dropped.</summary>
    public void Reply(ReadOnlyMemory<byte> frame, Action sent)
    {
        if (!_items.Writer.TryWrite(new Item(frame, sent)))
        {
            sent();
        }
    }

    public void End(OutboxEnd reason)
    {
        _ended.TrySetResult(reason);
        _items.Writer.TryComplete();
    }

    /// <summary>Writes frames in order until the outbox ended; after any reason but PeerDone it stops at the next frame.</summary>
    public async Task WriteAllAsync(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        await foreach (Item item in _items.Reader.ReadAllAsync(cancellationToken))
        {
            if (IsDropped)
            {
                return;
            }

            if (item.Sent is null)
            {
                Interlocked.Decrement(ref _notifications);
            }

            await write(item.Frame, cancellationToken);
            item.Sent?.Invoke();
        }
    }

    private readonly record struct Item(ReadOnlyMemory<byte> Frame, Action? Sent);
}
