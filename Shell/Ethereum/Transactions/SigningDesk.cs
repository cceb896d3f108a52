using System.Diagnostics;
using Nitro.Ethereum.Rpc;
using Nitro.Ports;

namespace Nitro.Ethereum.Transactions;

/// <summary>
/// Prepares transactions and has them signed, one at a time. The signer may take hours: meanwhile everything else goes on.
/// </summary>
internal sealed class SigningDesk(
    EthereumOptions options, EthereumNode node, ITransactionSigner signer, Complaints complaints, Action signed)
{
    private const string Part = "signing";
    private const string FeesPart = "fees";
    private const int LongestRaw = 1024 * 1024;
    private readonly Backoff _backoff = new(options.MinBackoff, options.MaxBackoff);
    private Work? _work;
    private long _pausedUntil;

    /// <summary>Whether a transaction is at the signer, or the signer failed a moment ago.</summary>
    public bool IsBusy => _work is { Answer.IsCompleted: false } || Stopwatch.GetTimestamp() < _pausedUntil;

    /// <summary>What the signer has returned, once; null where it failed or is not done.</summary>
    public async Task<SignedWork?> CollectAsync(CancellationToken cancellationToken)
    {
        if (_work is not { Answer.IsCompleted: true } work)
        {
            return null;
        }

        _work = null;
        ReadOnlyMemory<byte> raw;
        try
        {
            raw = await work.Answer.ConfigureAwait(false);
        }
        catch (Exception problem) when (!cancellationToken.IsCancellationRequested)
        {
            // A signer may fail in any way: that is weather here, and nothing has left this process.
            return Failed($"The signer did not sign the transaction for '{work.Call.Call.Description}', and is asked again: {problem.Message}");
        }

        if (raw.Length is 0 or > LongestRaw || raw.Span[0] != 2)
        {
            return Failed($"The signer returned no EIP-1559 transaction for '{work.Call.Call.Description}', and is asked again: check its version.");
        }

        _backoff.Reset();
        complaints.Clear(Part);
        return new SignedWork(work.Call, work.Step, work.Transaction, raw);
    }

    /// <summary>Has a new transaction made for a step. Returns the refusal's reason where its simulation reverts.</summary>
    /// <exception cref="NodeErrorException">The estimate failed for a passing cause, such as an empty account.</exception>
    public async Task<string?> BeginAsync(PendingCall call, int step, ulong nonce, ulong chainId, ChainMoment now, CancellationToken cancellationToken)
    {
        var made = call.Call.Steps[step];
        var value = ChainAmount.Of(made.Value);
        long gas;
        try
        {
            // At the block seen, not at "latest": a lagging node must say so rather than judge by an older state.
            var request = new CallRequest(signer.Account, made.To, value, made.Data);
            gas = await node.EstimateGasAsync(request, Hex.Quantity((ulong)now.Latest), cancellationToken).ConfigureAwait(false);
        }
        catch (NodeErrorException problem) when (problem.IsRevert)
        {
            return problem.Reason;
        }

        var fees = await SuggestAsync(cancellationToken).ConfigureAwait(false);
        var limit = (ulong)gas * (ulong)options.GasMarginPercent / 100;
        Sign(call, step, new UnsignedTransaction(chainId, nonce, fees.Tip, fees.Max, limit, made.To, value, made.Data), cancellationToken);
        return null;
    }

    /// <summary>Has an attempt signed again with higher fees and the same nonce; false where the cap leaves no room.</summary>
    public async Task<bool> BumpAsync(PendingCall call, Attempt attempt, ulong chainId, CancellationToken cancellationToken)
    {
        var suggested = await SuggestAsync(cancellationToken).ConfigureAwait(false);
        if (new Fees(attempt.Tip, attempt.Fee).Bump(options, suggested) is not { } fees)
        {
            complaints.Set(
                FeesPart,
                $"The transaction for '{call.Call.Description}' is not mined at {attempt.Fee} wei per gas, and the cap of {options.MaxFeePerGas} "
                + "leaves no room for more: wait for cheaper times or raise the cap.");
            return false;
        }

        complaints.Clear(FeesPart);
        var made = call.Call.Steps[attempt.Step];
        var transaction = new UnsignedTransaction(
            chainId, attempt.Nonce, fees.Tip, fees.Max, attempt.Gas, made.To, ChainAmount.Of(made.Value), made.Data);
        Sign(call, attempt.Step, transaction, cancellationToken);
        return true;
    }

    public void ClearComplaints()
    {
        complaints.Clear(Part);
        complaints.Clear(FeesPart);
    }

    private SignedWork? Failed(string complaint)
    {
        complaints.Set(Part, complaint);
        _pausedUntil = Stopwatch.GetTimestamp() + (long)(_backoff.Next().TotalSeconds * Stopwatch.Frequency);
        return null;
    }

    private void Sign(PendingCall call, int step, UnsignedTransaction transaction, CancellationToken cancellationToken) =>
        _work = new Work(call, step, transaction, SignAsync(transaction, call.Call, cancellationToken));

    private async Task<ReadOnlyMemory<byte>> SignAsync(UnsignedTransaction transaction, ChainCall call, CancellationToken cancellationToken)
    {
        try
        {
            return await signer.SignAsync(transaction, call.Evidence, call.Contexts, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            signed();
        }
    }

    private async Task<Fees> SuggestAsync(CancellationToken cancellationToken)
    {
        var baseFee = await node.NextBaseFeeAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return Fees.Suggest(options, baseFee, await node.SuggestedTipAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (NodeErrorException)
        {
            // Not every node has the method; a configured tip does.
            return Fees.Suggest(options, baseFee, options.DefaultPriorityFeePerGas);
        }
    }

    private sealed record Work(PendingCall Call, int Step, UnsignedTransaction Transaction, Task<ReadOnlyMemory<byte>> Answer);
}
