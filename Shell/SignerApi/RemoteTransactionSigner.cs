using Nitro.Ports;

namespace Nitro.SignerApi;

/// <summary>The chain account's key is elsewhere: the transaction's fields go on the stage, a signature comes back.</summary>
public sealed class RemoteTransactionSigner : ITransactionSigner
{
    private readonly StageAsker _asker;

    internal RemoteTransactionSigner(StageHost stage, ReadOnlyMemory<byte> account)
    {
        _asker = new StageAsker(stage, "transaction", account);
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
        return typed.Raw(await _asker.AskAsync([.. evidence, typed.Request], typed.Digest, contexts, cancellationToken));
    }
}
