using System.Numerics;

namespace Nitro.Ethereum.Transactions;

/// <summary>Reads the ports' amounts: wei, big-endian, up to 32 bytes.</summary>
internal static class ChainAmount
{
    public static BigInteger Of(ReadOnlyMemory<byte> value) => new(value.Span, isUnsigned: true, isBigEndian: true);
}
