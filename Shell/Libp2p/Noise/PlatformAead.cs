using System.Security.Cryptography;

namespace Nitro.Libp2p.Noise;

/// <summary>ChaCha20-Poly1305 by the platform's own library.</summary>
internal sealed class PlatformAead(ReadOnlySpan<byte> key32) : Aead
{
    private readonly ChaCha20Poly1305 _cipher = new(key32);

    internal override void Seal(ulong nonce, Span<byte> text, ReadOnlySpan<byte> associated)
    {
        Span<byte> nonceBytes = stackalloc byte[12];
        WriteNonce(nonceBytes, nonce);
        _cipher.Encrypt(nonceBytes, text[..^TagLength], text[..^TagLength], text[^TagLength..], associated);
    }

    internal override bool TryOpen(ulong nonce, Span<byte> text, ReadOnlySpan<byte> associated)
    {
        Span<byte> nonceBytes = stackalloc byte[12];
        WriteNonce(nonceBytes, nonce);
        try
        {
            _cipher.Decrypt(nonceBytes, text[..^TagLength], text[^TagLength..], text[..^TagLength], associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public override void Dispose() => _cipher.Dispose();
}
