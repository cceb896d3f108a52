using System.Buffers.Binary;
using static System.Numerics.BitOperations;

namespace Nitro.Secp256k1;

/// <summary>Keccak-256 as Ethereum uses it (padding 0x01, not SHA-3's 0x06). Allocates nothing; safe from any thread.</summary>
public static class Keccak256
{
    private const int Rate = 136;

    private static readonly ulong[] RoundConstants =
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
        0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ];

    /// <summary>Hashes <paramref name="data"/> of any length into the 32 bytes of <paramref name="hash32"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="hash32"/> is not 32 bytes long.</exception>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> hash32)
    {
        if (hash32.Length != 32)
        {
            throw new ArgumentException($"A Keccak-256 hash is 32 bytes, the span has {hash32.Length}.", nameof(hash32));
        }

        Span<ulong> state = stackalloc ulong[25];
        state.Clear();
        while (data.Length >= Rate)
        {
            Absorb(state, data[..Rate]);
            data = data[Rate..];
        }

        Span<byte> last = stackalloc byte[Rate];
        last.Clear();
        data.CopyTo(last);
        last[data.Length] = 0x01;
        last[Rate - 1] |= 0x80;
        Absorb(state, last);
        for (var i = 0; i < 4; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(hash32[(8 * i)..], state[i]);
        }
    }

    private static void Absorb(Span<ulong> state, ReadOnlySpan<byte> block)
    {
        for (var i = 0; i < Rate / 8; i++)
        {
            state[i] ^= BinaryPrimitives.ReadUInt64LittleEndian(block[(8 * i)..]);
        }

        Permute(state);
    }

    // Keccak-f[1600], one round unrolled: a{x}{y} is the lane in column x and row y, b{x}{y} the same after rho and pi.
    private static void Permute(Span<ulong> s)
    {
        ulong a00 = s[0], a10 = s[1], a20 = s[2], a30 = s[3], a40 = s[4];
        ulong a01 = s[5], a11 = s[6], a21 = s[7], a31 = s[8], a41 = s[9];
        ulong a02 = s[10], a12 = s[11], a22 = s[12], a32 = s[13], a42 = s[14];
        ulong a03 = s[15], a13 = s[16], a23 = s[17], a33 = s[18], a43 = s[19];
        ulong a04 = s[20], a14 = s[21], a24 = s[22], a34 = s[23], a44 = s[24];
        foreach (var constant in RoundConstants)
        {
            var c0 = a00 ^ a01 ^ a02 ^ a03 ^ a04;
            var c1 = a10 ^ a11 ^ a12 ^ a13 ^ a14;
            var c2 = a20 ^ a21 ^ a22 ^ a23 ^ a24;
            var c3 = a30 ^ a31 ^ a32 ^ a33 ^ a34;
            var c4 = a40 ^ a41 ^ a42 ^ a43 ^ a44;
            var d0 = c4 ^ RotateLeft(c1, 1);
            var d1 = c0 ^ RotateLeft(c2, 1);
            var d2 = c1 ^ RotateLeft(c3, 1);
            var d3 = c2 ^ RotateLeft(c4, 1);
            var d4 = c3 ^ RotateLeft(c0, 1);

            var b00 = a00 ^ d0;
            var b10 = RotateLeft(a11 ^ d1, 44);
            var b20 = RotateLeft(a22 ^ d2, 43);
            var b30 = RotateLeft(a33 ^ d3, 21);
            var b40 = RotateLeft(a44 ^ d4, 14);
            var b01 = RotateLeft(a30 ^ d3, 28);
            var b11 = RotateLeft(a41 ^ d4, 20);
            var b21 = RotateLeft(a02 ^ d0, 3);
            var b31 = RotateLeft(a13 ^ d1, 45);
            var b41 = RotateLeft(a24 ^ d2, 61);
            var b02 = RotateLeft(a10 ^ d1, 1);
            var b12 = RotateLeft(a21 ^ d2, 6);
            var b22 = RotateLeft(a32 ^ d3, 25);
            var b32 = RotateLeft(a43 ^ d4, 8);
            var b42 = RotateLeft(a04 ^ d0, 18);
            var b03 = RotateLeft(a40 ^ d4, 27);
            var b13 = RotateLeft(a01 ^ d0, 36);
            var b23 = RotateLeft(a12 ^ d1, 10);
            var b33 = RotateLeft(a23 ^ d2, 15);
            var b43 = RotateLeft(a34 ^ d3, 56);
            var b04 = RotateLeft(a20 ^ d2, 62);
            var b14 = RotateLeft(a31 ^ d3, 55);
            var b24 = RotateLeft(a42 ^ d4, 39);
            var b34 = RotateLeft(a03 ^ d0, 41);
            var b44 = RotateLeft(a14 ^ d1, 2);

            a00 = b00 ^ (~b10 & b20) ^ constant;
            a10 = b10 ^ (~b20 & b30);
            a20 = b20 ^ (~b30 & b40);
            a30 = b30 ^ (~b40 & b00);
            a40 = b40 ^ (~b00 & b10);
            a01 = b01 ^ (~b11 & b21);
            a11 = b11 ^ (~b21 & b31);
            a21 = b21 ^ (~b31 & b41);
            a31 = b31 ^ (~b41 & b01);
            a41 = b41 ^ (~b01 & b11);
            a02 = b02 ^ (~b12 & b22);
            a12 = b12 ^ (~b22 & b32);
            a22 = b22 ^ (~b32 & b42);
            a32 = b32 ^ (~b42 & b02);
            a42 = b42 ^ (~b02 & b12);
            a03 = b03 ^ (~b13 & b23);
            a13 = b13 ^ (~b23 & b33);
            a23 = b23 ^ (~b33 & b43);
            a33 = b33 ^ (~b43 & b03);
            a43 = b43 ^ (~b03 & b13);
            a04 = b04 ^ (~b14 & b24);
            a14 = b14 ^ (~b24 & b34);
            a24 = b24 ^ (~b34 & b44);
            a34 = b34 ^ (~b44 & b04);
            a44 = b44 ^ (~b04 & b14);
        }

        s[0] = a00;
        s[1] = a10;
        s[2] = a20;
        s[3] = a30;
        s[4] = a40;
        s[5] = a01;
        s[6] = a11;
        s[7] = a21;
        s[8] = a31;
        s[9] = a41;
        s[10] = a02;
        s[11] = a12;
        s[12] = a22;
        s[13] = a32;
        s[14] = a42;
        s[15] = a03;
        s[16] = a13;
        s[17] = a23;
        s[18] = a33;
        s[19] = a43;
        s[20] = a04;
        s[21] = a14;
        s[22] = a24;
        s[23] = a34;
        s[24] = a44;
    }
}
