using System.Numerics;
using Nitro.Signing;

namespace Nitro.Ports;

/// <summary>An EIP-1559 transaction without its signature. Amounts in wei; <c>To</c> is null for a deployment.</summary>
public sealed record UnsignedTransaction(
    ulong ChainId,
    ulong Nonce,
    BigInteger MaxPriorityFeePerGas,
    BigInteger MaxFeePerGas,
    ulong GasLimit,
    ReadOnlyMemory<byte>? To,
    BigInteger Value,
    ReadOnlyMemory<byte> Data)
{
    /// <summary>Its bytes, as the signers' core makes them.</summary>
    /// <exception cref="ArgumentException">An amount is below zero or above 2^256 - 1, or the target is not 20 bytes.</exception>
    public TypedTransaction Typed() =>
        TypedTransaction.TryOf(ChainId, Nonce, MaxPriorityFeePerGas, MaxFeePerGas, GasLimit, To ?? ReadOnlyMemory<byte>.Empty, Value, Data)
        ?? throw new ArgumentException("A field of the transaction does not fit.");
}
