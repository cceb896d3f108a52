using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Nitro.Ports;

namespace Nitro.Host.Api;

/// <summary>Hands each notification to every subscriber and waits for none: who falls behind by more than its bound is ended.</summary>
internal sealed class NotificationHub(int mostWaiting)
{
    /// <summary>How many (method, channel) pairs are remembered to recognise a repeat.</summary>
    private const int MostRemembered = 10_000;

    private readonly Lock gate = new();
    private readonly HashSet<Channel<NodeNotification>> subscribers = [];
    private readonly Dictionary<(string Method, string Channel), ReadOnlyMemory<byte>> newest = [];
    private bool isClosed;

    internal int Subscribers
    {
        get
        {
            lock (gate)
            {
                return subscribers.Count;
            }
        }
    }

    /// <summary>False: nobody listens, so a notification need not even be made. What was said before is then forgotten: nothing repeats it.</summary>
    internal bool TryHear()
    {
        lock (gate)
        {
            if (subscribers.Count == 0)
            {
                newest.Clear();
            }

            return subscribers.Count > 0;
        }
    }

    /// <summary>A repeat of the last one with this method and channel says nothing new and is left out.</summary>
    internal void Publish(string method, string channel, ReadOnlyMemory<byte> payload)
    {
        lock (gate)
        {
            var key = (method, channel);
            if (newest.TryGetValue(key, out var last) && last.Span.SequenceEqual(payload.Span))
            {
                return;
            }

            if (newest.Count >= MostRemembered)
            {
                newest.Clear();
            }

            newest[key] = payload;
            var told = new NodeNotification(method, payload);
            subscribers.RemoveWhere(subscriber => !subscriber.Writer.TryWrite(told) && subscriber.Writer.TryComplete());
        }
    }

    /// <summary>Notifications from the call on. Ends for who fell behind, and when the tenant stops.</summary>
    internal IAsyncEnumerable<NodeNotification> SubscribeAsync(CancellationToken cancellationToken)
    {
        // Subscribed here and not at the first read: what happens in between must not be missed.
        var subscriber = Channel.CreateBounded<NodeNotification>(new BoundedChannelOptions(mostWaiting) { SingleReader = true });
        lock (gate)
        {
            if (isClosed || cancellationToken.IsCancellationRequested)
            {
                subscriber.Writer.Complete();
            }
            else
            {
                subscribers.Add(subscriber);
            }
        }

        // Also for a reader that never starts to read.
        var registration = cancellationToken.UnsafeRegister(_ => Remove(subscriber), null);
        return ReadAsync(subscriber, registration, cancellationToken);
    }

    internal void Close()
    {
        lock (gate)
        {
            isClosed = true;
            foreach (var subscriber in subscribers)
            {
                subscriber.Writer.TryComplete();
            }

            subscribers.Clear();
        }
    }

    private async IAsyncEnumerable<NodeNotification> ReadAsync(
        Channel<NodeNotification> subscriber,
        CancellationTokenRegistration registration,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var notification in subscriber.Reader.ReadAllAsync(cancellationToken))
            {
                yield return notification;
            }
        }
        finally
        {
            await registration.DisposeAsync();
            Remove(subscriber);
        }
    }

    private void Remove(Channel<NodeNotification> subscriber)
    {
        lock (gate)
        {
            subscribers.Remove(subscriber);
        }

        subscriber.Writer.TryComplete();
    }
}
