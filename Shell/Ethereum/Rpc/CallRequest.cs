using System.Numerics;

namespace Nitro.Ethereum.Rpc;

/// <summary>A call to simulate. Addresses are 20 bytes; <c>From</c> may be left out for a read, <c>To</c> for a deployment; the value is in wei.</summary>
public sealed record CallRequest(ReadOnlyMemory<byte>? From, ReadOnlyMemory<byte>? To, BigInteger Value, ReadOnlyMemory<byte> Data);
