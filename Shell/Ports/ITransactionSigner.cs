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
    ValueTask<ReadOnlyMemory<byte>> SignAsync(UnsignedTransaction transaction, CancellationToken cancellationToken);
}
