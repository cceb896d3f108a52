using System.Diagnostics.CodeAnalysis;

namespace Nitro.Journal;

/// <summary>
/// Appends in the order of their calls, until the writer's thread takes as many as make one transaction. It holds no
/// copies: the bodies belong to callers, who wait.
/// </summary>
internal sealed class AppendQueue
{
    private const int BatchRequests = 512;
    private const int BatchBytes = 4 * AppendRules.EnoughBytes;

    private readonly object gate = new();
    private readonly Queue<AppendRequest> waiting = new();
    private Exception? closed;

    /// <summary>False, with the reason, when the queue was closed.</summary>
    internal bool TryAdd(AppendRequest request, [NotNullWhen(false)] out Exception? reason)
    {
        lock (gate)
        {
            reason = closed;
            if (reason is not null)
            {
                return false;
            }

            waiting.Enqueue(request);
            Monitor.Pulse(gate);
            return true;
        }
    }

    /// <summary>Waits for requests and takes what fits one transaction. False when closed and empty.</summary>
    internal bool TryTake(List<AppendRequest> batch)
    {
        lock (gate)
        {
            while (waiting.Count == 0)
            {
                if (closed is not null)
                {
                    return false;
                }

                Monitor.Wait(gate);
            }

            long bytes = 0;
            while (waiting.TryPeek(out var request) && batch.Count < BatchRequests)
            {
                // An append may be larger than any batch: then it is one.
                if (batch.Count > 0 && bytes + request.Bytes > BatchBytes)
                {
                    break;
                }

                waiting.Dequeue();
                if (request.TryTake())
                {
                    batch.Add(request);
                    bytes += request.Bytes;
                }
            }

            return true;
        }
    }

    /// <summary>Lets no more requests in; those that wait are still served. The first reason stays.</summary>
    internal void Close(Exception reason)
    {
        lock (gate)
        {
            closed ??= reason;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Closes, and fails those that wait: nothing of them was written.</summary>
    internal void Abandon(Exception reason)
    {
        Close(reason);
        lock (gate)
        {
            while (waiting.TryDequeue(out var request))
            {
                if (request.TryTake())
                {
                    request.Fail(reason);
                }
            }
        }
    }
}
