using System.Security.Cryptography;

namespace Nitro.Libp2p.Kademlia;

/// <summary>A place in the table: the SHA-256 of a peer id or of a record's key. Distance is XOR.</summary>
public readonly struct KadId
{
    private readonly UInt128 _high;
    private readonly UInt128 _low;

    private KadId(UInt128 high, UInt128 low)
    {
        _high = high;
        _low = low;
    }

    /// <summary>Where a key belongs.</summary>
    public static KadId Of(ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(key, hash);
        return new KadId(
            System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash), System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
    }

    /// <summary>How far two places are apart, as a number of 256 bits.</summary>
    public (UInt128 High, UInt128 Low) DistanceTo(KadId other) => (_high ^ other._high, _low ^ other._low);
}
