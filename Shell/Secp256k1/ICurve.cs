namespace Nitro.Secp256k1;

/// <summary>
/// What a node asks of secp256k1. All calls are safe from any thread, and answer <c>false</c> for every bad
/// input, wrong lengths included; the output is then all zeros.
/// </summary>
/// <remarks>
/// A private key is 32 bytes big-endian, 0 &lt; key &lt; n. A signature is 65 bytes: r (32), s (32), v (1). An address is
/// the low 20 bytes of keccak-256 over the 64 bytes after the 0x04 of the uncompressed public key.
/// </remarks>
public interface ICurve
{
    /// <summary>Whether libsecp256k1 does the work.</summary>
    bool IsNative { get; }

    /// <summary>One line for the log: which implementation this is and what that means.</summary>
    string Description { get; }

    /// <summary>
    /// Signs a digest as it is (no message prefix): nonce by RFC 6979 with SHA-256, s in the lower half, v 27 or 28. The
    /// same input gives the same 65 bytes in every implementation.
    /// </summary>
    /// <exception cref="InvalidOperationException">The library failed in itself, see <see cref="IsNative"/>.</exception>
    bool TrySign(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> privateKey32, Span<byte> signature65);

    /// <summary>Who signed this digest. Takes v as 27 or 28, or as 0 or 1, and s from either half.</summary>
    /// <exception cref="InvalidOperationException">The library failed in itself, see <see cref="IsNative"/>.</exception>
    bool TryRecoverAddress(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> signature65, Span<byte> address20)
    {
        Span<byte> key = stackalloc byte[65];
        if (address20.Length != 20 || !TryRecoverPublicKey(hash32, signature65, key))
        {
            return Inputs.Refuse(address20);
        }

        Inputs.WriteAddress(key, address20);
        return true;
    }

    /// <summary>The key that signed this digest, as 0x04, x (32), y (32). Takes v and s as <see cref="TryRecoverAddress"/> does.</summary>
    /// <exception cref="InvalidOperationException">The library failed in itself, see <see cref="IsNative"/>.</exception>
    bool TryRecoverPublicKey(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> signature65, Span<byte> uncompressed65);

    /// <summary>The public key as 0x04, x (32), y (32).</summary>
    /// <exception cref="InvalidOperationException">The library failed in itself, see <see cref="IsNative"/>.</exception>
    bool TryGetPublicKey(ReadOnlySpan<byte> privateKey32, Span<byte> uncompressed65);

    /// <summary>
    /// Whether r (32), s (32) is a signature of this digest by this compressed public key. Takes s from either half.
    /// </summary>
    /// <exception cref="InvalidOperationException">The library failed in itself, see <see cref="IsNative"/>.</exception>
    bool TryVerify(ReadOnlySpan<byte> hash32, ReadOnlySpan<byte> signature64, ReadOnlySpan<byte> compressed33);

    /// <summary>The public key as 0x04, x (32), y (32) from 0x02 or 0x03, x (32). False for what is no point of the curve.</summary>
    /// <exception cref="InvalidOperationException">The library failed in itself, see <see cref="IsNative"/>.</exception>
    bool TryDecompress(ReadOnlySpan<byte> compressed33, Span<byte> uncompressed65);

    /// <summary>The Ethereum address of a private key.</summary>
    /// <exception cref="InvalidOperationException">The library failed in itself, see <see cref="IsNative"/>.</exception>
    bool TryGetAddress(ReadOnlySpan<byte> privateKey32, Span<byte> address20)
    {
        Span<byte> key = stackalloc byte[65];
        if (address20.Length != 20 || !TryGetPublicKey(privateKey32, key))
        {
            return Inputs.Refuse(address20);
        }

        Inputs.WriteAddress(key, address20);
        return true;
    }

    /// <summary>The Ethereum address of a compressed public key.</summary>
    /// <exception cref="InvalidOperationException">The library failed in itself, see <see cref="IsNative"/>.</exception>
    bool TryGetPublicKeyAddress(ReadOnlySpan<byte> compressed33, Span<byte> address20)
    {
        Span<byte> key = stackalloc byte[65];
        if (address20.Length != 20 || !TryDecompress(compressed33, key))
        {
            return Inputs.Refuse(address20);
        }

        Inputs.WriteAddress(key, address20);
        return true;
    }
}
