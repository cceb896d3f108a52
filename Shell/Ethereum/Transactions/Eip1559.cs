using System.Numerics;
using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Ethereum.Transactions;

/// <summary>The bytes of a type 2 transaction (EIP-1559): what is hashed for signing, and what is broadcast.</summary>
public static class Eip1559
{
    private const byte Type = 2;

    /// <summary>The 32-byte hash that the account signs.</summary>
    public static byte[] SigningHash(UnsignedTransaction transaction) => Hash([Type, .. Rlp.List(Fields(transaction))]);

    /// <summary>The raw transaction. <paramref name="signature"/>: r, s, v with v = 27 or 28.</summary>
    /// <exception cref="ArgumentException">The signature has another shape.</exception>
    public static byte[] Encode(UnsignedTransaction transaction, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 65 || signature[64] is not (27 or 28))
        {
            throw new ArgumentException("A signature is 65 bytes r, s, v with v = 27 or 28.", nameof(signature));
        }

        byte[][] signed =
        [
            .. Fields(transaction),
            Rlp.Number(signature[64] - 27),
            Rlp.Number(new BigInteger(signature[..32], isUnsigned: true, isBigEndian: true)),
            Rlp.Number(new BigInteger(signature[32..64], isUnsigned: true, isBigEndian: true)),
        ];
        return [Type, .. Rlp.List(signed)];
    }

    /// <summary>Keccak-256; of a raw transaction it is the transaction's hash.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        var hash = new byte[32];
        Keccak256.Hash(data, hash);
        return hash;
    }

    private static byte[][] Fields(UnsignedTransaction transaction) =>
    [
        Rlp.Number(transaction.ChainId),
        Rlp.Number(transaction.Nonce),
        Rlp.Number(transaction.MaxPriorityFeePerGas),
        Rlp.Number(transaction.MaxFeePerGas),
        Rlp.Number(transaction.GasLimit),
        Rlp.Bytes(transaction.To is { } to ? to.Span : []),
        Rlp.Number(transaction.Value),
        Rlp.Bytes(transaction.Data.Span),
        Rlp.List(),
    ];
}
