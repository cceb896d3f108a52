using Microsoft.Extensions.Logging;
using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>One lane per peer that is to be told something; a lane lives while it has frames.</summary>
internal sealed class PeerLanes(IPeerLink link, Action<NodeEvent> outcome, LaneOptions options, Counters counters, ILogger logger) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, PeerLane> lanes = new(StringComparer.Ordinal);
    private readonly Dictionary<long, PeerLane> byEffect = [];
    private readonly Dictionary<PeerLane, Task> running = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isStopping;

    /// <summary>Never completes, but fails when a lane does: that is a bug of ours.</summary>
    internal Task Failed => failed.Task;

    /// <summary>Tells a peer (20 bytes) a frame, after those it is to be told already.</summary>
    internal void Add(long id, ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame)
    {
        lock (gate)
        {
            if (isStopping)
            {
                return;
            }

            var name = Convert.ToHexStringLower(peer.Span);
            var isNew = !lanes.TryGetValue(name, out var lane);
            lanes[name] = lane ??= new PeerLane(peer, this, link, options, counters, logger);
            lane.Add(id, frame);
            byEffect[id] = lane;
            if (isNew)
            {
                running[lane] = Task.Run(() => RunAsync(name, lane));
            }
        }
    }

    /// <summary>The effect is over: it is not sent (again).</summary>
    internal void Drop(long id)
    {
        lock (gate)
        {
            if (byEffect.Remove(id, out var lane))
            {
                lane.Remove(id);
            }
        }
    }

    /// <summary>The peer (20 bytes) was seen: what waits for it is tried at once.</summary>
    internal void Wake(ReadOnlyMemory<byte> peer)
    {
        lock (gate)
        {
            lanes.GetValueOrDefault(Convert.ToHexStringLower(peer.Span))?.Wake();
        }
    }

    /// <summary>False: nothing is left, and the lane is retired.</summary>
    internal bool TryNext(PeerLane lane, long cursor, out long id, out ReadOnlyMemory<byte> frame)
    {
        lock (gate)
        {
            if (!lane.IsEmpty)
            {
                (id, frame) = lane.After(cursor);
                return true;
            }

            lanes.Remove(lane.Name[2..]);
            running.Remove(lane);
            (id, frame) = (0, default);
            return false;
        }
    }

    /// <summary>Reports an outcome, unless the effect was dropped meanwhile.</summary>
    internal void Finish(long id, NodeEvent report)
    {
        lock (gate)
        {
            if (!byEffect.Remove(id, out var lane))
            {
                return;
            }

            lane.Remove(id);
        }

        outcome(report);
    }

    /// <summary>Stops sending; what is unfinished is sent after the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] left;
        lock (gate)
        {
            isStopping = true;
            left = [.. running.Values];
        }

        await stopping.CancelAsync();
        await Task.WhenAll(left);
    }

    private async Task RunAsync(string name, PeerLane lane)
    {
        try
        {
            await lane.RunAsync(stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What is unfinished stays in the journal.
        }
        catch (Exception e)
        {
            failed.TrySetException(new TenantStoppedException($"The lane to peer 0x{name} failed: {e.Message} This is a bug of the node: report it.", e));
        }
    }
}
