using Nitro.Devnet;
using Nitro.Ethereum.Transactions;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>A signer that fails a few times before it signs.</summary>
internal sealed class FailingSigner(int failures) : ITransactionSigner
{
    private readonly KeyTransactionSigner _inner = new(AnvilAccounts.Keys[4].Span);

    public int Asked { get; private set; }

    /// <summary>What was shown with the newest request.</summary>
    public IReadOnlyList<CallContext> Contexts { get; private set; } = [];

    public ReadOnlyMemory<byte> Account => _inner.Account;

    public ValueTask<ReadOnlyMemory<byte>> SignAsync(
        UnsignedTransaction transaction,
        IReadOnlyList<ReadOnlyMemory<byte>> evidence,
        IReadOnlyList<CallContext> contexts,
        CancellationToken cancellationToken)
    {
        Contexts = contexts;
        return ++Asked <= failures
            ? throw new OperationCanceledException("the signer's own time-out")
            : _inner.SignAsync(transaction, evidence, contexts, cancellationToken);
    }
}
