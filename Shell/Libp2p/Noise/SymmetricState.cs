using System.Security.Cryptography;
using System.Text;

namespace Nitro.Libp2p.Noise;

/// <summary>Noise's symmetric state: a hash of all that was said, and the keys that follow from it.</summary>
internal sealed class SymmetricState : IDisposable
{
    // Exactly 32 bytes, so the first hash is the name itself.
    private static readonly byte[] Name = Encoding.ASCII.GetBytes("Noise_XX_25519_ChaChaPoly_SHA256");

    private byte[] _hash = [.. Name];
    private byte[] _chain = [.. Name];
    private Aead? _cipher;

    internal SymmetricState() => MixHash([]); // The prologue, which is empty and hashed nevertheless.

    internal ReadOnlySpan<byte> Hash => _hash;

    internal ReadOnlySpan<byte> Chain => _chain;

    internal byte[]? Key { get; private set; }

    internal ulong Nonce { get; private set; }

    public void Dispose() => _cipher?.Dispose();

    internal void MixHash(ReadOnlySpan<byte> data) => _hash = SHA256.HashData([.. _hash, .. data]);

    internal void MixKey(ReadOnlySpan<byte> secret)
    {
        (_chain, Key) = Derive(secret);
        _cipher?.Dispose();
        _cipher = Aead.Create(Key);
        Nonce = 0;
    }

    internal byte[] EncryptAndHash(ReadOnlySpan<byte> plain)
    {
        byte[] text = [.. plain];
        if (_cipher is not null)
        {
            text = [.. plain, .. stackalloc byte[Aead.TagLength]];
            _cipher.Seal(Nonce++, text, _hash);
        }

        MixHash(text);
        return text;
    }

    /// <summary>Opens what the other side sealed.</summary>
    /// <exception cref="Libp2pException">NotAuthentic.</exception>
    internal byte[] DecryptAndHash(ReadOnlySpan<byte> text)
    {
        byte[] plain = [.. text];
        if (_cipher is not null)
        {
            if (text.Length < Aead.TagLength || !_cipher.TryOpen(Nonce++, plain, _hash))
            {
                throw new Libp2pException(Libp2pError.NotAuthentic, "A message of the Noise handshake is not authentic.");
            }

            plain = plain[..^Aead.TagLength];
        }

        MixHash(text);
        return plain;
    }

    /// <summary>The keys of the transport: initiator to responder, responder to initiator.</summary>
    internal (byte[] Forward, byte[] Back) Split() => Derive([]);

    private (byte[] First, byte[] Second) Derive(ReadOnlySpan<byte> input)
    {
        var temporary = HMACSHA256.HashData(_chain, input);
        byte[] one = [1];
        var first = HMACSHA256.HashData(temporary, one);
        byte[] rest = [.. first, 2];
        return (first, HMACSHA256.HashData(temporary, rest));
    }
}
