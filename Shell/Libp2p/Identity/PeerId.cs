using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Nitro.Libp2p.Bytes;

namespace Nitro.Libp2p.Identity;

/// <summary>
/// Names a peer: a multihash, either the public key itself (at most 42 bytes) or the SHA-256 of a longer one.
/// </summary>
public sealed class PeerId : IEquatable<PeerId>
{
    private const int MaxInline = 42;

    private readonly byte[] _bytes;
    private string? _text;

    private PeerId(byte[] bytes) => _bytes = bytes;

    /// <summary>The multihash.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The id of whoever has this key.</summary>
    public static PeerId Of(PublicKey key)
    {
        var message = key.Message.Span;
        return new PeerId(message.Length <= MaxInline
            ? [0x00, (byte)message.Length, .. message]
            : [0x12, 0x20, .. SHA256.HashData(message)]);
    }

    /// <summary>Reads the binary form; false unless it is exactly one multihash of either kind.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PeerId? id)
    {
        var sound = bytes.Length >= 3 && bytes[1] == bytes.Length - 2
            && (bytes[0] == 0x00 ? bytes[1] <= MaxInline : bytes[0] == 0x12 && bytes[1] == 32);
        id = sound ? new PeerId(bytes.ToArray()) : null;
        return sound;
    }

    /// <summary>Reads base 58 as it stands, or a CID version 1 with the codec libp2p-key in base 32, 36, 58 or 16.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out PeerId? id)
    {
        id = null;
        if (text.StartsWith("1", StringComparison.Ordinal) || text.StartsWith("Qm", StringComparison.Ordinal))
        {
            return BaseText.TryFromBase58(text, out var plain) && TryParse(plain, out id);
        }

        return BaseText.TryFromMultibase(text, out var cid) && cid.Length > 2 && cid[0] == 1 && cid[1] == 0x72
            && TryParse(cid.AsSpan(2), out id);
    }

    /// <summary>Reads text that somebody wrote on purpose, such as a configuration.</summary>
    /// <exception cref="FormatException">It is no peer id.</exception>
    public static PeerId Parse(string text) =>
        TryParse(text.AsSpan(), out var id) ? id : throw new FormatException($"'{text}' is not a peer id.");

    /// <summary>The public key inside the id; false where the id is a hash, or holds a kind of key that is not supported.</summary>
    public bool TryGetPublicKey([NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        return _bytes[0] == 0x00 && PublicKey.TryParse(_bytes.AsSpan(2), out key);
    }

    /// <inheritdoc/>
    public bool Equals(PeerId? other) => other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PeerId);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>Base 58, as everybody writes it.</summary>
    public override string ToString() => _text ??= BaseText.ToBase58(_bytes);
}
