using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Ethereum.Transactions;

/// <summary>The bytes of a type 2 transaction (EIP-1559), as the signers' core makes them: what is hashed for signing, and what is broadcast.</summary>
public static class Eip1559
{
    /// <summary>The 32-byte hash that the account signs.</summary>
    /// <exception cref="ArgumentException">An amount is below zero or above 2^256 - 1, or the target is not 20 bytes.</exception>
    public static ReadOnlyMemory<byte> SigningHash(UnsignedTransaction transaction) => transaction.Typed().Digest;

    /// <summary>The raw transaction. <paramref name="signature"/>: r, s, v with v = 27 or 28.</summary>
    /// <exception cref="ArgumentException">The signature has another shape, or a field does not fit.</exception>
    public static ReadOnlyMemory<byte> Encode(UnsignedTransaction transaction, ReadOnlyMemory<byte> signature) =>
        transaction.Typed().Raw(signature) is { IsEmpty: false } raw
            ? raw
            : throw new ArgumentException("A signature is 65 bytes r, s, v with v = 27 or 28.", nameof(signature));

    /// <summary>Keccak-256; of a raw transaction it is the transaction's hash.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        var hash = new byte[32];
        Keccak256.Hash(data, hash);
        return hash;
    }
}
