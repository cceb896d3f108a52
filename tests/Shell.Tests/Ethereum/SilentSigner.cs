using Nitro.Devnet;
using Nitro.Ethereum.Transactions;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>A signer that never answers.</summary>
internal sealed class SilentSigner : ITransactionSigner
{
    public ReadOnlyMemory<byte> Account { get; } = new KeyTransactionSigner(AnvilAccounts.Keys[5].Span).Account;

    public async ValueTask<ReadOnlyMemory<byte>> SignAsync(
        UnsignedTransaction transaction,
        IReadOnlyList<ReadOnlyMemory<byte>> evidence,
        IReadOnlyList<CallContext> contexts,
        CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return ReadOnlyMemory<byte>.Empty;
    }
}
