using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Ethereum.Transactions;

/// <summary>Signs whatever it is asked with a key held in this process: for development chains.</summary>
public sealed class KeyTransactionSigner : ITransactionSigner
{
    private readonly byte[] _key;

    /// <summary>Takes a 32-byte private key.</summary>
    /// <exception cref="EthereumSetupException">The key is not on the curve.</exception>
    public KeyTransactionSigner(ReadOnlySpan<byte> key)
    {
        var account = new byte[20];
        if (key.Length != 32 || !Curve.Default.TryGetAddress(key, account))
        {
            throw new EthereumSetupException("The chain key is no secp256k1 key: give 32 bytes, neither zero nor above the curve's order.");
        }

        _key = key.ToArray();
        Account = account;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Account { get; }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> SignAsync(
        UnsignedTransaction transaction,
        IReadOnlyList<ReadOnlyMemory<byte>> evidence,
        IReadOnlyList<CallContext> contexts,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var signature = new byte[65];
        if (!Curve.Default.TrySign(Eip1559.SigningHash(transaction).Span, _key, signature))
        {
            throw new InvalidOperationException("A key that was checked at the start cannot sign.");
        }

        return ValueTask.FromResult(Eip1559.Encode(transaction, signature));
    }
}
