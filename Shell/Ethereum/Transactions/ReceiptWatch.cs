using Nitro.Ethereum.Rpc;
using Nitro.Ethereum.Store;

namespace Nitro.Ethereum.Transactions;

/// <summary>Finds out what became of the transactions of a call, and so what it needs next.</summary>
internal sealed class ReceiptWatch(EthereumOptions options, EthereumNode node, CallStore store, ReadOnlyMemory<byte> account)
{
    private const int OldestAttemptsWatched = 16;
    private long _mined;
    private long _gasUsed;

    /// <summary>Transactions mined since start.</summary>
    public long Mined => Interlocked.Read(ref _mined);

    /// <summary>Their gas.</summary>
    public long GasUsed => Interlocked.Read(ref _gasUsed);

    /// <summary>Brings an open call up to date: it ends, or wants a transaction, or a higher fee, or just time.</summary>
    public async Task LookAsync(PendingCall call, ChainMoment now, CancellationToken cancellationToken)
    {
        call.Wanting = null;
        call.Bump = null;
        call.MinedSteps = call.FinalSteps;
        for (var step = call.FinalSteps; step < call.Call.Steps.Count; step++)
        {
            var receipt = await ReceiptAsync(call, step, cancellationToken).ConfigureAwait(false);
            if (receipt is null)
            {
                await UnminedAsync(call, step, now, cancellationToken).ConfigureAwait(false);
                return;
            }

            call.MinedSteps = step + 1;
            var isFinal = now.Latest >= receipt.Height + options.Confirmations;
            if (!receipt.Succeeded)
            {
                if (isFinal)
                {
                    Refuse(call, await ReasonAsync(call, step, receipt, cancellationToken).ConfigureAwait(false), mined: true);
                }

                return;
            }

            if (isFinal && step == call.FinalSteps)
            {
                call.FinalSteps = step + 1;
            }
        }

        if (call.FinalSteps == call.Call.Steps.Count)
        {
            call.Status = CallStatus.Done;
            store.Save(call);
        }
    }

    /// <summary>Ends a call as refused; the sink is told by the manager.</summary>
    public void Refuse(PendingCall call, string reason, bool mined)
    {
        call.Wanting = null;
        call.Status = CallStatus.Refused;
        call.Reason = reason;
        call.RefusedWhenMined = mined;
        store.Save(call);
    }

    private async Task<TransactionReceipt?> ReceiptAsync(PendingCall call, int step, CancellationToken cancellationToken)
    {
        // Newest first: of several attempts with one nonce only one can be mined.
        foreach (var attempt in call.Attempts.Where(attempt => attempt.Step == step).Reverse().Take(OldestAttemptsWatched))
        {
            if (await node.ReceiptAsync(attempt.Hash, cancellationToken).ConfigureAwait(false) is not { } receipt)
            {
                continue;
            }

            if (!attempt.Counted)
            {
                attempt.Counted = true;
                Interlocked.Increment(ref _mined);
                Interlocked.Add(ref _gasUsed, receipt.GasUsed);
            }

            return receipt;
        }

        return null;
    }

    private async Task UnminedAsync(PendingCall call, int step, ChainMoment now, CancellationToken cancellationToken)
    {
        if (call.Live(step) is not { } live)
        {
            call.Wanting = step;
            return;
        }

        if (live.Nonce >= now.MinedNonce)
        {
            // Only the next in line can be mined, so only its fee matters.
            var isOld = now.Latest - live.Height >= options.BumpAfterBlocks;
            call.Bump = isOld && live.Nonce == now.MinedNonce ? live : null;
            return;
        }

        // The slot was used, and not by us: sure only at final depth, since receipts and counts may come from different nodes.
        var depth = Math.Max(0, now.Latest - options.Confirmations);
        var finalNonce = await node.NonceAsync(account, Hex.Quantity((ulong)depth), cancellationToken).ConfigureAwait(false);
        if (live.Nonce < finalNonce)
        {
            foreach (var attempt in call.Attempts.Where(attempt => attempt.Step == step && !attempt.Lost))
            {
                store.MarkLost(attempt);
            }

            call.Wanting = step;
        }
    }

    private async Task<string> ReasonAsync(PendingCall call, int step, TransactionReceipt receipt, CancellationToken cancellationToken)
    {
        // Receipts carry no reason. The same call tells it on the state before the block, or, where a transaction of
        // the same block came between, on the state after.
        var made = call.Call.Steps[step];
        var request = new CallRequest(account, made.To, ChainAmount.Of(made.Value), made.Data);
        foreach (var height in new[] { Math.Max(0, receipt.Height - 1), receipt.Height })
        {
            try
            {
                await node.CallAsync(request, Hex.Quantity((ulong)height), cancellationToken).ConfigureAwait(false);
            }
            catch (NodeErrorException problem) when (problem.IsRevert)
            {
                return problem.Reason;
            }
            catch (NodeErrorException)
            {
                // The node no longer has that state: the reason stays unknown, the refusal holds.
            }
        }

        return $"the transaction failed in block {receipt.Height} for a reason that the node does not tell; it used {receipt.GasUsed} gas";
    }
}
