namespace Nitro.Secp256k1;

/// <summary>What is checked of every input before either implementation sees it, so that both refuse alike.</summary>
internal static class Inputs
{
    internal static bool IsKey(ReadOnlySpan<byte> privateKey) => privateKey.Length == 32 && Order.IsScalar(privateKey);

    /// <summary>Wipes an output and answers false. Not done up front: an output may lie over an input.</summary>
    internal static bool Refuse(Span<byte> output)
    {
        output.Clear();
        return false;
    }

    /// <summary>Lengths, r and s in 1..n-1, v one of 0, 1, 27, 28; gives the recovery id 0 or 1.</summary>
    internal static bool TryReadSignature(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature, out int recoveryId)
    {
        recoveryId = 0;
        if (hash.Length != 32 || signature.Length != 65)
        {
            return false;
        }

        recoveryId = signature[64] >= 27 ? signature[64] - 27 : signature[64];
        return recoveryId is 0 or 1 && Order.IsScalar(signature[..32]) && Order.IsScalar(signature[32..64]);
    }

    /// <summary>Lengths, r and s in 1..n-1, and a key that begins as a compressed one does.</summary>
    internal static bool AreVerifiable(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> compressed) =>
        hash.Length == 32 && signature.Length == 64 && IsCompressed(compressed)
        && Order.IsScalar(signature[..32]) && Order.IsScalar(signature[32..]);

    internal static bool IsCompressed(ReadOnlySpan<byte> key) => key.Length == 33 && key[0] is (2 or 3);

    /// <summary>The address of 0x04, x, y.</summary>
    internal static void WriteAddress(ReadOnlySpan<byte> uncompressed65, Span<byte> address20)
    {
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash(uncompressed65[1..], hash);
        hash[12..].CopyTo(address20);
    }
}
