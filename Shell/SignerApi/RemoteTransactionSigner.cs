using System.Globalization;
using Nitro.Ports;

namespace Nitro.SignerApi;

/// <summary>The chain account's key is elsewhere: the transaction's fields go on the stage, a signature comes back.</summary>
public sealed class RemoteTransactionSigner : ITransactionSigner
{
    private readonly StageHost _stage;
    private int _lanes;

    internal RemoteTransactionSigner(StageHost stage, ReadOnlyMemory<byte> account)
    {
        _stage = stage;
        Account = account;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Account { get; }

    /// <summary>Waits as long as it takes; cancelled, the request leaves the stage.</summary>
    /// <exception cref="InvalidOperationException">The signer refuses, or the stage is full; asking again is harmless.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> SignAsync(
        UnsignedTransaction transaction,
        IReadOnlyList<ReadOnlyMemory<byte>> evidence,
        IReadOnlyList<CallContext> contexts,
        CancellationToken cancellationToken)
    {
        var typed = transaction.Typed();
        var answer = new TaskCompletionSource<SigningResult>(TaskCreationOptions.RunContinuationsAsynchronously);

        // A lane of its own each: one that is given up leaves the stage without the others.
        var lane = string.Create(CultureInfo.InvariantCulture, $"transaction/{Interlocked.Increment(ref _lanes)}");
        var job = new SigningJob([.. evidence, typed.Request], typed.Digest, Account, result => answer.TrySetResult(result)) { Contexts = contexts };
        await _stage.SubmitAsync(lane, [job], true, cancellationToken);
        try
        {
            var result = await answer.Task.WaitAsync(cancellationToken);
            return result.RefusedTag is { } tag
                ? throw new InvalidOperationException($"the signer refuses: {tag}")
                : typed.Raw(result.Signature);
        }
        finally
        {
            _stage.Close(lane);
        }
    }
}
