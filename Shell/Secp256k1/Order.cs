using System.Buffers.Binary;

namespace Nitro.Secp256k1;

/// <summary>The group order n on 32 big-endian bytes, without allocation and without a branch on secret values.</summary>
internal static class Order
{
    // n, most significant word first.
    private const ulong N0 = 0xFFFFFFFFFFFFFFFF, N1 = 0xFFFFFFFFFFFFFFFE, N2 = 0xBAAEDCE6AF48A03B, N3 = 0xBFD25E8CD0364141;

    /// <summary>Whether 0 &lt; value &lt; n. The value may be a private key.</summary>
    internal static bool IsScalar(ReadOnlySpan<byte> value32)
    {
        Read(value32, out var a, out var b, out var c, out var d);
        var borrow = Subtract(ref a, ref b, ref c, ref d, out var any);
        return (borrow & (any != 0 ? 1UL : 0UL)) == 1;
    }

    /// <summary>
    /// Writes hash mod n. Signing is defined on that, but versions of libsecp256k1 differ in whether the nonce is too, so
    /// every implementation here is given the reduced digest.
    /// </summary>
    internal static void Reduce(ReadOnlySpan<byte> hash32, Span<byte> reduced32)
    {
        hash32.CopyTo(reduced32);
        Read(hash32, out var a, out var b, out var c, out var d);
        if (Subtract(ref a, ref b, ref c, ref d, out _) == 1)
        {
            return;
        }

        BinaryPrimitives.WriteUInt64BigEndian(reduced32, a);
        BinaryPrimitives.WriteUInt64BigEndian(reduced32[8..], b);
        BinaryPrimitives.WriteUInt64BigEndian(reduced32[16..], c);
        BinaryPrimitives.WriteUInt64BigEndian(reduced32[24..], d);
    }

    private static void Read(ReadOnlySpan<byte> value, out ulong a, out ulong b, out ulong c, out ulong d)
    {
        a = BinaryPrimitives.ReadUInt64BigEndian(value);
        b = BinaryPrimitives.ReadUInt64BigEndian(value[8..]);
        c = BinaryPrimitives.ReadUInt64BigEndian(value[16..]);
        d = BinaryPrimitives.ReadUInt64BigEndian(value[24..]);
    }

    // value - n in place; returns 1 when value < n. `any` is the or of the words before.
    private static ulong Subtract(ref ulong a, ref ulong b, ref ulong c, ref ulong d, out ulong any)
    {
        any = a | b | c | d;
        var difference = (UInt128)d - N3;
        d = (ulong)difference;
        difference = (UInt128)c - N2 - ((ulong)(difference >> 64) & 1);
        c = (ulong)difference;
        difference = (UInt128)b - N1 - ((ulong)(difference >> 64) & 1);
        b = (ulong)difference;
        difference = (UInt128)a - N0 - ((ulong)(difference >> 64) & 1);
        a = (ulong)difference;
        return (ulong)(difference >> 64) & 1;
    }
}
