using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace Nitro.Libp2p.Noise;

/// <summary>ChaCha20-Poly1305 in managed code, for platforms whose library lacks it. Several times slower.</summary>
internal sealed class ManagedAead(ReadOnlySpan<byte> key32) : Aead
{
    private readonly KeyParameter _key = new(key32.ToArray());

    internal override void Seal(ulong nonce, Span<byte> text, ReadOnlySpan<byte> associated) =>
        Run(encrypt: true, nonce, text[..^TagLength], associated).CopyTo(text);

    internal override bool TryOpen(ulong nonce, Span<byte> text, ReadOnlySpan<byte> associated)
    {
        try
        {
            Run(encrypt: false, nonce, text, associated).CopyTo(text);
            return true;
        }
        catch (InvalidCipherTextException)
        {
            return false;
        }
    }

    public override void Dispose()
    {
    }

    private byte[] Run(bool encrypt, ulong nonce, ReadOnlySpan<byte> input, ReadOnlySpan<byte> associated)
    {
        var nonceBytes = new byte[12];
        WriteNonce(nonceBytes, nonce);
        var cipher = new ChaCha20Poly1305();
        cipher.Init(encrypt, new AeadParameters(_key, 8 * TagLength, nonceBytes, associated.ToArray()));
        var output = new byte[cipher.GetOutputSize(input.Length)];
        var written = cipher.ProcessBytes(input.ToArray(), 0, input.Length, output, 0);
        cipher.DoFinal(output, written);
        return output;
    }
}
