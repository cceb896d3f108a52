namespace Nitro.Ports;

/// <summary>
/// Signs the chain account's transactions. Keys live behind this port, elsewhere from the chain adapter;
/// the request carries the fields, never a hash.
/// </summary>
public interface ITransactionSigner
{
    /// <summary>The account, 20 bytes.</summary>
    ReadOnlyMemory<byte> Account { get; }

    /// <summary>The raw signed EIP-1559 transaction (type byte 2 included). The same fields give the same bytes.</summary>
    /// <param name="transaction">What is wanted.</param>
    /// <param name="evidence">Items of Request.V1 that came with the call: what the signer judges by.</param>
    /// <param name="contexts">The signed calls that caused it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<ReadOnlyMemory<byte>> SignAsync(
        UnsignedTransaction transaction,
        IReadOnlyList<ReadOnlyMemory<byte>> evidence,
        IReadOnlyList<CallContext> contexts,
        CancellationToken cancellationToken);
}
