using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Nitro.Secp256k1;
using Ed = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Nitro.Libp2p.Identity;

/// <summary>A peer's identity key: what its id is made of and what its signatures are checked against. Sound by construction.</summary>
public sealed class PublicKey
{
    private readonly byte[] _message;

    private PublicKey(KeyType type, byte[] message)
    {
        Type = type;
        _message = message;
    }

    /// <summary>Which curve.</summary>
    public KeyType Type { get; }

    /// <summary>The key as it is on the wire: type and bytes, 37 (secp256k1) or 36 (Ed25519) in all.</summary>
    public ReadOnlyMemory<byte> Message => _message;

    /// <summary>The key's own bytes: 33 or 32.</summary>
    public ReadOnlySpan<byte> Raw => _message.AsSpan(4);

    /// <summary>Makes one from its own bytes; false where the length is wrong or no such point exists.</summary>
    public static bool TryCreate(KeyType type, ReadOnlySpan<byte> raw, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        Span<byte> point = stackalloc byte[65];
        var sound = type switch
        {
            KeyType.Ed25519 => raw.Length == 32,
            KeyType.Secp256k1 => raw.Length == 33 && Curve.Default.TryDecompress(raw, point),
            _ => false,
        };
        if (sound)
        {
            key = new PublicKey(type, [0x08, (byte)type, 0x12, (byte)raw.Length, .. raw]);
        }

        return sound;
    }

    /// <summary>
    /// Reads the message. Only its one canonical form is taken, since ids are made of these bytes. False for other kinds of
    /// key (RSA, ECDSA), which are not supported.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> message, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        return message.Length is 36 or 37 && message[0] == 0x08 && message[2] == 0x12 && message[3] == message.Length - 4
            && TryCreate((KeyType)message[1], message[4..], out key);
    }

    /// <summary>Whether the signature (DER for secp256k1, 64 bytes for Ed25519) is this key's over the message.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (Type == KeyType.Ed25519)
        {
            return signature.Length == 64
                && Ed.Verify(signature.ToArray(), 0, Raw.ToArray(), 0, message.ToArray(), 0, message.Length);
        }

        Span<byte> compact = stackalloc byte[64];
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(message, digest);
        return DerSignature.TryRead(signature, compact) && Curve.Default.TryVerify(digest, compact, Raw);
    }
}
