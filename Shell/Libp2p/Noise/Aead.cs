using System.Security.Cryptography;

namespace Nitro.Libp2p.Noise;

/// <summary>ChaCha20-Poly1305 under one key; nonces are Noise's: 4 zero bytes, then a counter, low bytes first.</summary>
internal abstract class Aead : IDisposable
{
    /// <summary>Bytes of the tag behind a ciphertext.</summary>
    internal const int TagLength = 16;

    /// <summary>The platform's cipher where it has one, else managed code.</summary>
    internal static Aead Create(ReadOnlySpan<byte> key32) =>
        ChaCha20Poly1305.IsSupported ? new PlatformAead(key32) : new ManagedAead(key32);

    /// <summary>Encrypts <c>text.Length - 16</c> bytes in place and puts the tag behind them.</summary>
    internal abstract void Seal(ulong nonce, Span<byte> text, ReadOnlySpan<byte> associated);

    /// <summary>Decrypts all but the last 16 bytes in place; false where the tag does not fit.</summary>
    internal abstract bool TryOpen(ulong nonce, Span<byte> text, ReadOnlySpan<byte> associated);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Writes the 12 bytes of a nonce.</summary>
    protected static void WriteNonce(Span<byte> nonce12, ulong counter)
    {
        nonce12[..4].Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(nonce12[4..], counter);
    }
}
