namespace Nitro.Libp2p.Noise;

/// <summary>
/// The three messages of Noise XX, without input or output: the initiator writes A, reads B, writes C; the responder does
/// the opposite. Messages are without their length.
/// </summary>
internal sealed class NoiseXx(X25519Key staticKey, X25519Key ephemeralKey) : IDisposable
{
    private const int KeyLength = 32;
    private const int SealedKeyLength = KeyLength + Aead.TagLength;

    private byte[] _theirEphemeral = [];

    internal SymmetricState State { get; } = new();

    /// <summary>The other side's static key, known after B (initiator) or C (responder).</summary>
    internal byte[] TheirStatic { get; private set; } = [];

    public void Dispose() => State.Dispose();

    internal byte[] WriteA()
    {
        State.MixHash(ephemeralKey.Public);
        return [.. ephemeralKey.Public, .. State.EncryptAndHash([])];
    }

    /// <exception cref="Libp2pException">Malformed.</exception>
    internal void ReadA(ReadOnlySpan<byte> message)
    {
        TakeEphemeral(message, KeyLength);
        State.DecryptAndHash(message[KeyLength..]);
    }

    internal byte[] WriteB(ReadOnlySpan<byte> payload)
    {
        State.MixHash(ephemeralKey.Public);
        MixAgreement(ephemeralKey, _theirEphemeral);
        var key = State.EncryptAndHash(staticKey.Public);
        MixAgreement(staticKey, _theirEphemeral);
        return [.. ephemeralKey.Public, .. key, .. State.EncryptAndHash(payload)];
    }

    /// <summary>Gives back the payload.</summary>
    /// <exception cref="Libp2pException">Malformed, NotAuthentic.</exception>
    internal byte[] ReadB(ReadOnlySpan<byte> message)
    {
        TakeEphemeral(message, KeyLength + SealedKeyLength + Aead.TagLength);
        MixAgreement(ephemeralKey, _theirEphemeral);
        TheirStatic = State.DecryptAndHash(message.Slice(KeyLength, SealedKeyLength));
        MixAgreement(ephemeralKey, TheirStatic);
        return State.DecryptAndHash(message[(KeyLength + SealedKeyLength)..]);
    }

    internal byte[] WriteC(ReadOnlySpan<byte> payload)
    {
        var key = State.EncryptAndHash(staticKey.Public);
        MixAgreement(staticKey, _theirEphemeral);
        return [.. key, .. State.EncryptAndHash(payload)];
    }

    /// <summary>Gives back the payload.</summary>
    /// <exception cref="Libp2pException">Malformed, NotAuthentic.</exception>
    internal byte[] ReadC(ReadOnlySpan<byte> message)
    {
        Require(message, SealedKeyLength + Aead.TagLength);
        TheirStatic = State.DecryptAndHash(message[..SealedKeyLength]);
        MixAgreement(ephemeralKey, TheirStatic);
        return State.DecryptAndHash(message[SealedKeyLength..]);
    }

    private static void Require(ReadOnlySpan<byte> message, int length)
    {
        if (message.Length < length)
        {
            throw new Libp2pException(Libp2pError.Malformed, $"A message of the Noise handshake has {message.Length} bytes of {length}.");
        }
    }

    private void TakeEphemeral(ReadOnlySpan<byte> message, int length)
    {
        Require(message, length);
        _theirEphemeral = message[..KeyLength].ToArray();
        State.MixHash(_theirEphemeral);
    }

    private void MixAgreement(X25519Key ours, ReadOnlySpan<byte> theirs)
    {
        if (!ours.TryAgree(theirs, out var secret))
        {
            throw new Libp2pException(Libp2pError.NotAuthentic, "The other side's Noise key has no order.");
        }

        State.MixKey(secret);
    }
}
