using System.Globalization;
using Nitro.Ports;
using Nitro.Signing;

namespace Nitro.SignerApi;

/// <summary>The chain account's key is elsewhere: the transaction's fields go on the stage, a signature comes back.</summary>
public sealed class RemoteTransactionSigner : ITransactionSigner
{
    private readonly StageHost stage;
    private int lanes;

    internal RemoteTransactionSigner(StageHost stage, ReadOnlyMemory<byte> account)
    {
        this.stage = stage;
        Account = account;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Account { get; }

    /// <summary>Waits as long as it takes; cancelled, the request leaves the stage.</summary>
    /// <exception cref="InvalidOperationException">The signer refuses, or the stage is full; asking again is harmless.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> SignAsync(UnsignedTransaction transaction, CancellationToken cancellationToken)
    {
        var typed = Typed(transaction);
        var answer = new TaskCompletionSource<SigningResult>(TaskCreationOptions.RunContinuationsAsynchronously);

        // A lane of its own each: one that is given up leaves the stage without the others.
        var lane = string.Create(CultureInfo.InvariantCulture, $"transaction/{Interlocked.Increment(ref lanes)}");
        await stage.SubmitAsync(lane, [new SigningJob(typed.Request, typed.Digest, Account, result => answer.TrySetResult(result))], true, cancellationToken);
        try
        {
            var result = await answer.Task.WaitAsync(cancellationToken);
            return result.RefusedTag is { } tag
                ? throw new InvalidOperationException($"the signer refuses: {tag}")
                : typed.Raw(result.Signature);
        }
        finally
        {
            stage.Close(lane);
        }
    }

    private static TypedTransaction Typed(UnsignedTransaction transaction) =>
        TypedTransaction.TryOf(
            transaction.ChainId,
            transaction.Nonce,
            transaction.MaxPriorityFeePerGas,
            transaction.MaxFeePerGas,
            transaction.GasLimit,
            transaction.To ?? ReadOnlyMemory<byte>.Empty,
            transaction.Value,
            transaction.Data) ?? throw new ArgumentException("A field of the transaction does not fit.", nameof(transaction));
}
