using Microsoft.Extensions.Logging;
using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>
/// What is to be told to one peer: one frame in flight, in order, again and again until it is taken, refused or dropped.
/// All but <see cref="RunAsync"/> is called under the gate of <see cref="PeerLanes"/>.
/// </summary>
internal sealed class PeerLane(ReadOnlyMemory<byte> peer, PeerLanes lanes, IPeerLink link, LaneOptions options, Counters counters, ILogger logger)
{
    private readonly SortedDictionary<long, ReadOnlyMemory<byte>> frames = [];
    private readonly SortedSet<long> order = [];
    private readonly Signal wake = new();
    private readonly Retry retry = new(options);
    private bool isComplaining;

    internal string Name { get; } = "0x" + Convert.ToHexStringLower(peer.Span);

    internal bool IsEmpty => order.Count == 0;

    internal void Add(long id, ReadOnlyMemory<byte> frame)
    {
        frames[id] = frame;
        order.Add(id);
    }

    internal void Remove(long id)
    {
        frames.Remove(id);
        order.Remove(id);
    }

    /// <summary>The peer was seen: try now.</summary>
    internal void Wake() => wake.Set();

    /// <summary>The first frame after this one, or the first of all.</summary>
    internal (long Id, ReadOnlyMemory<byte> Frame) After(long cursor)
    {
        var id = cursor < order.Max ? order.GetViewBetween(cursor + 1, long.MaxValue).Min : order.Min;
        return (id, frames[id]);
    }

    /// <summary>Works until the lane is empty; then it is retired.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var cursor = -1L;
        while (lanes.TryNext(this, cursor, out var id, out var frame))
        {
            switch (await SendAsync(frame, cancellationToken))
            {
                case PeerAnswer.Taken:
                    Interlocked.Increment(ref counters.Sent);
                    Settled();
                    lanes.Finish(id, NitroCore.PeerTook(id));
                    break;
                case PeerAnswer.Offence:
                    logger.LogWarning("Peer {Peer} calls message #{Effect} an offence; it is not sent again", Name, id);
                    Settled();
                    lanes.Finish(id, NitroCore.PeerRefused(id, "offence"));
                    break;
                case PeerAnswer.Busy:
                    // The next one may be what the peer waits for before it can take this one.
                    cursor = id;
                    await PauseAsync("is busy", cancellationToken);
                    break;
                case PeerAnswer.Unreachable:
                    cursor = -1;
                    await PauseAsync("cannot be reached", cancellationToken);
                    break;
                default:
                    throw new InvalidOperationException("The link gave an answer that is none.");
            }
        }
    }

    private async Task<PeerAnswer> SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.SendTimeout);
        try
        {
            return await link.SendAsync(peer, frame, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return PeerAnswer.Unreachable;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // World's weather, whatever form it takes: the frame stays and is sent again.
            logger.LogWarning(e, "The link to peer {Peer} failed", Name);
            return PeerAnswer.Unreachable;
        }
    }

    private async Task PauseAsync(string why, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref counters.Retries);
        if (!isComplaining)
        {
            isComplaining = true;
            logger.LogInformation("Peer {Peer} {Why}; what it is to be told waits", Name, why);
        }

        await wake.WaitAsync(retry.Next(), cancellationToken);
    }

    private void Settled()
    {
        retry.Reset();
        if (isComplaining)
        {
            isComplaining = false;
            logger.LogInformation("Peer {Peer} answers again", Name);
        }
    }
}
