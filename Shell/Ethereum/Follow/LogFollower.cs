using System.Diagnostics;
using Nitro.Ethereum.Rpc;
using Nitro.Ethereum.Store;
using Nitro.Ports;

namespace Nitro.Ethereum.Follow;

/// <summary>
/// Shows the contract's logs once their block is deep enough, in chain order. What it says rests on eth_getLogs over final
/// ranges alone; the node's notices only tell it when to look.
/// </summary>
internal sealed class LogFollower(
    EthereumOptions options, EthereumNode node, FinalBlocks blocks, IChainSink sink, Complaints complaints, Action newHeight)
{
    private const string Part = "follower";
    private const int LogsAtOnce = 256;
    private readonly ForkCheck _forks = new(options, node, blocks);
    private int _chunk = Math.Max(1, options.LogChunkBlocks);
    private bool _reachedIsDue = blocks.Newest is not null;
    private long _lastReached;
    private long _quietFrom = -1;
    private long _latest = -1;
    private long _final = blocks.Newest?.Height ?? -1;

    /// <summary>Newest block seen, or -1.</summary>
    public long Latest => Interlocked.Read(ref _latest);

    /// <summary>The newest final block that was shown, or -1.</summary>
    public long FinalHeight => Interlocked.Read(ref _final);

    /// <summary>The newest final block while everything up to it has been shown, else null.</summary>
    public ChainHead? CaughtUpAt { get; private set; }

    /// <summary>How long until a postponed notice of progress is due.</summary>
    public TimeSpan UntilReached => _reachedIsDue ? options.ReachedInterval - Stopwatch.GetElapsedTime(_lastReached) : TimeSpan.MaxValue;

    /// <summary>One look at the chain. True when there is more to do at once.</summary>
    public async Task<bool> TurnAsync(CancellationToken cancellationToken)
    {
        var latest = await node.LatestHeightAsync(cancellationToken).ConfigureAwait(false);
        if (Interlocked.Exchange(ref _latest, latest) != latest)
        {
            newHeight();
        }

        var fork = await _forks.CheckAsync(latest, cancellationToken).ConfigureAwait(false);
        switch (fork.Kind)
        {
            case ForkKind.Behind:
                CaughtUpAt = null;
                complaints.Set(Part, fork.Explanation);
                return false;
            case ForkKind.Gone:
                await RetractAsync(fork, cancellationToken).ConfigureAwait(false);
                return true;
            default:
                var more = await AdvanceAsync(latest - options.Confirmations, cancellationToken).ConfigureAwait(false);
                if (FinalHeight >= _quietFrom)
                {
                    complaints.Clear(Part);
                }

                return more;
        }
    }

    private async Task RetractAsync(Fork fork, CancellationToken cancellationToken)
    {
        CaughtUpAt = null;

        // The complaint stays until the new chain has come as far as the old one was.
        _quietFrom = Math.Max(_quietFrom, blocks.Newest!.Height);
        complaints.Set(Part, fork.Explanation);
        await sink.RetractedAsync(fork.Ancestor + 1, cancellationToken).ConfigureAwait(false);
        blocks.Retract(fork.Ancestor + 1);
        Interlocked.Exchange(ref _final, blocks.Newest?.Height ?? -1);
        _reachedIsDue = false;
    }

    private async Task<bool> AdvanceAsync(long final, CancellationToken cancellationToken)
    {
        var parent = blocks.Newest;
        var from = parent?.Height + 1 ?? Math.Max(0, options.StartHeight);
        if (final < from)
        {
            CaughtUpAt = parent;
            await ReachedAsync(cancellationToken).ConfigureAwait(false);
            return false;
        }

        if (parent is null)
        {
            await RememberGenesisAsync(cancellationToken).ConfigureAwait(false);
        }

        var to = Math.Min(final, from + _chunk - 1);
        var range = await RangeAsync(parent, from, to, to == final, cancellationToken).ConfigureAwait(false);
        if (range is null)
        {
            return false;
        }

        foreach (var logs in range.Logs.Chunk(LogsAtOnce))
        {
            await sink.ShowedAsync(logs, cancellationToken).ConfigureAwait(false);
        }

        // Only now: after a crash the same logs are shown again rather than never.
        blocks.Advance(range.Headers);
        _chunk = Math.Min(options.LogChunkBlocks, _chunk * 2);
        var shown = range.Headers[^1];
        Interlocked.Exchange(ref _final, shown.Height);
        CaughtUpAt = shown.Height == final ? shown : null;
        _reachedIsDue = true;
        await ReachedAsync(cancellationToken).ConfigureAwait(false);
        return shown.Height < final;
    }

    private async Task<LogRange?> RangeAsync(ChainHead? parent, long from, long to, bool isLast, CancellationToken cancellationToken)
    {
        var firstHeader = isLast ? Math.Max(from, to - options.KeptBlocks + 1) : to;
        while (true)
        {
            try
            {
                return await LogRange.ReadAsync(node, options.Contract, parent, from, to, firstHeader, cancellationToken).ConfigureAwait(false);
            }
            catch (EthereumRpcException problem) when (to > from && IsRefusalOfSize(problem))
            {
                // The headers read in vain are few; what matters is that the next turn asks for less.
                _chunk = Math.Max(1, (int)((to - from + 1) / 2));
                to = from + _chunk - 1;
                firstHeader = to;
            }
        }
    }

    private async Task ReachedAsync(CancellationToken cancellationToken)
    {
        if (_reachedIsDue && blocks.Newest is { } newest && Stopwatch.GetElapsedTime(_lastReached) >= options.ReachedInterval)
        {
            await sink.ReachedAsync(newest, cancellationToken).ConfigureAwait(false);
            _lastReached = Stopwatch.GetTimestamp();
            _reachedIsDue = false;
        }
    }

    private async Task RememberGenesisAsync(CancellationToken cancellationToken)
    {
        if (await node.HeaderAsync(0, cancellationToken).ConfigureAwait(false) is { } first)
        {
            blocks.Genesis = Hex.Bytes(first.Hash.Span);
        }
    }

    /// <summary>Nodes have no common code for "too many blocks", so any refusal is tried again with fewer.</summary>
    private static bool IsRefusalOfSize(EthereumRpcException problem) => problem switch
    {
        NodeErrorException => true,
        EndpointException endpoint => endpoint.Trouble is EndpointTrouble.TooLarge or EndpointTrouble.TimedOut,
        _ => false,
    };
}
