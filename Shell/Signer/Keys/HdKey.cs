using System.Buffers.Binary;
using System.Security.Cryptography;
using Nitro.Secp256k1;

namespace Nitro.Signer.Keys;

/// <summary>Private keys derived from a seed by BIP32. Each of the signer's keys has a hardened account of its own, so that one that leaks tells nothing of the others.</summary>
internal static class HdKey
{
    private const uint Hardened = 0x80000000;
    private const int KeyBytes = 32;

    // The order of secp256k1.
    private static readonly byte[] Order = Convert.FromHexString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

    /// <summary>The path of a role's key.</summary>
    public static string PathOf(KeyRole role) => role switch
    {
        KeyRole.Channel => "m/44'/60'/1'/0/0",
        KeyRole.Chain => "m/44'/60'/0'/0/0",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    /// <summary>The 32 bytes at a path such as <c>m/44'/60'/0'/0/0</c>; the caller clears them.</summary>
    /// <param name="seed">16 to 64 bytes.</param>
    /// <param name="path">Indices below 2^31, hardened ones with an apostrophe.</param>
    /// <exception cref="KeyFileException">The seed has no key there, which happens once in 2^127 seeds.</exception>
    public static byte[] Derive(ReadOnlySpan<byte> seed, string path)
    {
        Span<byte> node = stackalloc byte[2 * KeyBytes];
        try
        {
            HMACSHA512.HashData("Bitcoin seed"u8, seed, node);
            foreach (var step in path.Split('/')[1..])
            {
                var number = uint.Parse(step.TrimEnd('\''), System.Globalization.CultureInfo.InvariantCulture);
                Descend(node, step.EndsWith('\'') ? number | Hardened : number);
            }

            return node[..KeyBytes].ToArray();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(node);
        }
    }

    /// <summary><paramref name="node"/>: key and chain code; becomes its child's.</summary>
    private static void Descend(Span<byte> node, uint index)
    {
        Span<byte> data = stackalloc byte[1 + KeyBytes + sizeof(uint)];
        Span<byte> child = stackalloc byte[2 * KeyBytes];
        try
        {
            if (index >= Hardened)
            {
                data[0] = 0;
                node[..KeyBytes].CopyTo(data[1..]);
            }
            else
            {
                WriteCompressed(node[..KeyBytes], data);
            }

            BinaryPrimitives.WriteUInt32BigEndian(data[^sizeof(uint)..], index);
            HMACSHA512.HashData(node[KeyBytes..], data, child);
            if (child[..KeyBytes].SequenceCompareTo(Order) >= 0)
            {
                throw NoKey();
            }

            AddModOrder(child[..KeyBytes], node[..KeyBytes]);
            if (!Curve.Default.TryGetAddress(child[..KeyBytes], stackalloc byte[20]))
            {
                throw NoKey();
            }

            child.CopyTo(node);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(data);
            CryptographicOperations.ZeroMemory(child);
        }
    }

    private static void WriteCompressed(ReadOnlySpan<byte> key, Span<byte> target)
    {
        Span<byte> whole = stackalloc byte[65];
        if (!Curve.Default.TryGetPublicKey(key, whole))
        {
            throw NoKey();
        }

        target[0] = (byte)(2 + (whole[64] & 1));
        whole[1..33].CopyTo(target[1..]);
    }

    /// <summary>a = a + b mod n, both below n. By hand, since the numbers of the libraries leave copies of a key behind.</summary>
    private static void AddModOrder(Span<byte> a, ReadOnlySpan<byte> b)
    {
        var carry = 0;
        for (var i = KeyBytes - 1; i >= 0; i--)
        {
            carry += a[i] + b[i];
            a[i] = (byte)carry;
            carry >>= 8;
        }

        if (carry == 0 && ((ReadOnlySpan<byte>)a).SequenceCompareTo(Order) < 0)
        {
            return;
        }

        var borrow = 0;
        for (var i = KeyBytes - 1; i >= 0; i--)
        {
            borrow += a[i] - Order[i];
            a[i] = (byte)borrow;
            borrow >>= 8;
        }
    }

    private static Nitro.Signing.KeyFileException NoKey() => new("This mnemonic has no key at the path that is used here. Make another one.");
}
