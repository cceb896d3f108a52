using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.Signing;

namespace Nitro.Ethereum.Transactions;

/// <summary>The bytes of a type 2 transaction (EIP-1559), as the signers' core makes them: what is hashed for signing, and what is broadcast.</summary>
public static class Eip1559
{
    /// <summary>The 32-byte hash that the account signs.</summary>
    /// <exception cref="ArgumentException">An amount is below zero or above 2^256 - 1, or the target is not 20 bytes.</exception>
    public static ReadOnlyMemory<byte> SigningHash(UnsignedTransaction transaction) => Typed(transaction).Digest;

    /// <summary>The raw transaction. <paramref name="signature"/>: r, s, v with v = 27 or 28.</summary>
    /// <exception cref="ArgumentException">The signature has another shape, or a field does not fit.</exception>
    public static ReadOnlyMemory<byte> Encode(UnsignedTransaction transaction, ReadOnlyMemory<byte> signature) =>
        Typed(transaction).Raw(signature) is { IsEmpty: false } raw
            ? raw
            : throw new ArgumentException("A signature is 65 bytes r, s, v with v = 27 or 28.", nameof(signature));

    /// <summary>Keccak-256; of a raw transaction it is the transaction's hash.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        var hash = new byte[32];
        Keccak256.Hash(data, hash);
        return hash;
    }

    /// <summary>The same for whoever has it signed elsewhere.</summary>
    /// <exception cref="ArgumentException">A field does not fit.</exception>
    public static TypedTransaction Typed(UnsignedTransaction transaction) =>
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
