using System.Diagnostics;
using Nitro.Ethereum.Rpc;
using Nitro.Ethereum.Store;
using Nitro.Ports;

namespace Nitro.Ethereum.Transactions;

/// <summary>
/// Sends the calls of one account and stays with each until it is final or refused. A signed transaction is durable before it is
/// broadcast, so a restart sends the same bytes again; success is not reported, since the logs tell.
/// </summary>
internal sealed class TransactionManager
{
    private const string Part = "transactions";
    private const string EstimatePart = "estimate";
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, PendingCall> _calls = [];
    private readonly EthereumOptions _options;
    private readonly EthereumNode _node;
    private readonly CallStore _store;
    private readonly ITransactionSigner _signer;
    private readonly Complaints _complaints;
    private readonly ReceiptWatch _receipts;
    private readonly Broadcaster _broadcaster;
    private readonly SigningDesk _desk;
    private readonly Pulse _wake = new();
    private (long At, long Height)? _gap;

    public TransactionManager(EthereumOptions options, EthereumNode node, CallStore store, ITransactionSigner signer, Complaints complaints)
    {
        (_options, _node, _store, _signer, _complaints) = (options, node, store, signer, complaints);
        _receipts = new ReceiptWatch(options, node, store, signer.Account);
        _broadcaster = new Broadcaster(options, node, signer.Account, complaints);
        _desk = new SigningDesk(options, node, signer, complaints, _wake.Ring);
        foreach (var call in store.Load())
        {
            _calls[call.Call.EffectId] = call;
        }
    }

    public long Mined => _receipts.Mined;

    public long GasUsed => _receipts.GasUsed;

    public int Pending
    {
        get
        {
            lock (_gate)
            {
                return _calls.Values.Count(call => call.Status == CallStatus.Open && !call.Forgotten);
            }
        }
    }

    public void Wake() => _wake.Ring();

    public void Submit(ChainCall call)
    {
        if (call.Steps.Count == 0 || call.Steps.Any(step => step.To.Length != 20 || step.Value.Length > 32))
        {
            throw new ArgumentException("A call has at least one step; each goes to 20 bytes and carries at most 32 bytes of wei.", nameof(call));
        }

        lock (_gate)
        {
            if (_calls.TryGetValue(call.EffectId, out var known) && !known.IsSame(call))
            {
                // The journal went back and counts its effects anew: what the old one sent is only watched from now on.
                SetAside(known);
                known = null;
            }

            if (known is null)
            {
                _store.Add(call);
                _calls[call.EffectId] = new PendingCall(call);
            }
            else
            {
                if (known.Status == CallStatus.Told)
                {
                    // Asked again: whoever was told has lost it.
                    known.Status = CallStatus.Refused;
                    _store.Save(known);
                }

                if (known.Renew(call.Evidence))
                {
                    _store.Renew(known.Call);
                }
            }
        }

        _wake.Ring();
    }

    private void SetAside(PendingCall call)
    {
        var aside = call.Aside(Math.Min(_calls.Keys.First(), 0) - 1);
        _store.SetAside(call, aside);
        _calls.Remove(call.Call.EffectId);
        _calls[aside.Call.EffectId] = aside;
    }

    public void Forget(long effectId)
    {
        lock (_gate)
        {
            if (_calls.TryGetValue(effectId, out var call))
            {
                call.Forgotten = true;
                if (call.Status != CallStatus.Open || call.Attempts.Count == 0)
                {
                    Remove(call);
                }
                else
                {
                    _store.Save(call);
                }
            }
        }
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(ulong chainId, IChainSink sink, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_options.MinBackoff, _options.MaxBackoff);
        while (true)
        {
            try
            {
                var more = await RoundAsync(chainId, sink, cancellationToken).ConfigureAwait(false);
                backoff.Reset();
                _complaints.Clear(Part);
                await _wake.WaitAsync(more ? TimeSpan.Zero : _options.PollInterval, cancellationToken).ConfigureAwait(false);
            }
            catch (EthereumRpcException problem)
            {
                _complaints.Set(Part, problem.Message);
                await Task.Delay(backoff.Next(), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Looks at every open call and does the next thing. True when there is more to do at once.</summary>
    private async Task<bool> RoundAsync(ulong chainId, IChainSink sink, CancellationToken cancellationToken)
    {
        await TellAsync(sink, cancellationToken).ConfigureAwait(false);
        if (Open().Count == 0)
        {
            // With nothing to send there is nothing to complain of.
            _complaints.Clear(EstimatePart);
            _desk.ClearComplaints();
            _broadcaster.ClearComplaints();
            return false;
        }

        // Nonces before receipts: a nonce that was spent then has its receipt now, if it was spent by us.
        var latest = await _node.LatestHeightAsync(cancellationToken).ConfigureAwait(false);
        var now = new ChainMoment(
            latest,
            await _node.NonceAsync(_signer.Account, "latest", cancellationToken).ConfigureAwait(false),
            await _node.NonceAsync(_signer.Account, "pending", cancellationToken).ConfigureAwait(false));
        foreach (var call in Open())
        {
            await _receipts.LookAsync(call, now, cancellationToken).ConfigureAwait(false);
            if (call.Forgotten && (call.Wanting is not null || call.Status != CallStatus.Open))
            {
                lock (_gate)
                {
                    Remove(call);
                }
            }
        }

        await TellAsync(sink, cancellationToken).ConfigureAwait(false);
        Keep(await _desk.CollectAsync(cancellationToken).ConfigureAwait(false), now);
        await _broadcaster.SendAsync(Live(), now, cancellationToken).ConfigureAwait(false);
        CloseGap(now);
        return !_desk.IsBusy && await BeginNextAsync(chainId, now, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has one more transaction signed where one is wanted.</summary>
    private async Task<bool> BeginNextAsync(ulong chainId, ChainMoment now, CancellationToken cancellationToken)
    {
        foreach (var call in Open())
        {
            if (call.Bump is { } bump && call.Live(bump.Step) == bump
                && await _desk.BumpAsync(call, bump, chainId, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }

            if (call.Wanting is not { } step || call.Forgotten || call.Live(step) is not null || Stopwatch.GetTimestamp() < call.Retry.At)
            {
                continue;
            }

            var live = Live();
            if (live.Count >= _options.MaxInFlight)
            {
                return false;
            }

            var nonce = live.Where(attempt => attempt.Nonce >= now.MinedNonce).Select(attempt => attempt.Nonce + 1).Append(now.PoolNonce).Max();
            if (await TryBeginAsync(call, step, nonce, chainId, now, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> TryBeginAsync(PendingCall call, int step, ulong nonce, ulong chainId, ChainMoment now, CancellationToken cancellationToken)
    {
        try
        {
            if (await _desk.BeginAsync(call, step, nonce, chainId, now, cancellationToken).ConfigureAwait(false) is { } reason)
            {
                _receipts.Refuse(call, reason, mined: false);
            }

            call.Retry = default;
            _complaints.Clear(EstimatePart);
            return true;
        }
        catch (NodeErrorException problem)
        {
            // Not a revert, so a passing cause: the other calls go first meanwhile.
            var wait = TimeSpan.FromTicks(Math.Min(_options.MaxBackoff.Ticks, _options.MinBackoff.Ticks << Math.Min(call.Retry.Failures, 20)));
            call.Retry = (Stopwatch.GetTimestamp() + (long)(wait.TotalSeconds * Stopwatch.Frequency), call.Retry.Failures + 1);
            _complaints.Set(
                EstimatePart,
                $"The node cannot estimate '{call.Call.Description}', and is asked again: {problem.NodeMessage}. "
                + $"If funds are lacking, send ether to {Hex.Bytes(_signer.Account.Span)}.");
            return false;
        }
    }

    /// <summary>Stores what was signed, unless nobody wants it any more: from here on it may be broadcast.</summary>
    private void Keep(SignedWork? work, ChainMoment now)
    {
        if (work is null)
        {
            return;
        }

        lock (_gate)
        {
            var call = work.Call;
            if (_calls.ContainsKey(call.Call.EffectId) && call.Status == CallStatus.Open && (!call.Forgotten || call.Live(work.Step) is not null))
            {
                _store.AddAttempt(call, work.Step, work.Transaction, work.Raw, now.Latest);
            }
        }
    }

    /// <summary>
    /// Transactions above a nonce that nobody holds are never mined. That happens when the chain went back further than any call here
    /// reaches: then all are signed anew.
    /// </summary>
    private void CloseGap(ChainMoment now)
    {
        var live = Live();
        if (live.Count == 0 || live.Min(attempt => attempt.Nonce) <= now.PoolNonce)
        {
            _gap = null;
            return;
        }

        _gap ??= (Stopwatch.GetTimestamp(), now.Latest);
        if (Math.Abs(now.Latest - _gap.Value.Height) >= 2 || Stopwatch.GetElapsedTime(_gap.Value.At) >= _options.RebroadcastInterval)
        {
            live.ForEach(_store.MarkLost);
            _gap = null;
        }
    }

    private async Task TellAsync(IChainSink sink, CancellationToken cancellationToken)
    {
        List<PendingCall> refused;
        lock (_gate)
        {
            refused = [.. _calls.Values.Where(call => call.Status == CallStatus.Refused && !call.Forgotten)];
        }

        foreach (var call in refused)
        {
            await sink.RefusedAsync(new ChainRefusal(call.Call.EffectId, call.Reason, call.RefusedWhenMined), cancellationToken).ConfigureAwait(false);
            lock (_gate)
            {
                call.Status = CallStatus.Told;
                _store.Save(call);
            }
        }
    }

    private List<PendingCall> Open()
    {
        lock (_gate)
        {
            return [.. _calls.Values.Where(call => call.Status == CallStatus.Open)];
        }
    }

    /// <summary>The latest attempt of each step that is neither mined nor lost.</summary>
    private List<Attempt> Live() =>
        [.. Open().SelectMany(call => Enumerable.Range(call.MinedSteps, call.Call.Steps.Count - call.MinedSteps).Select(call.Live).OfType<Attempt>())];

    private void Remove(PendingCall call)
    {
        _calls.Remove(call.Call.EffectId);
        _store.Remove(call);
    }
}
