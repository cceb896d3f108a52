using System.Numerics;

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
    ReadOnlyMemory<byte> Data);
