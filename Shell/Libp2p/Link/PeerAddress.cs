using System.Diagnostics.CodeAnalysis;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Records;
using Nitro.Secp256k1;

namespace Nitro.Libp2p.Link;

/// <summary>The state-channel address of a peer: computable where its identity is a secp256k1 key, which is then the channel key.</summary>
public static class PeerAddress
{
    /// <summary>The address as text with its checksum; null where the id does not tell it.</summary>
    public static string? Of(PeerId peer) => peer.TryGetPublicKey(out var key) && TryOf(key, out var address) ? EthereumAddress.ToText(address) : null;

    /// <summary>20 bytes; false for other kinds of identity, which prove no address.</summary>
    internal static bool TryOf(PublicKey identity, [NotNullWhen(true)] out byte[]? address)
    {
        var bytes = new byte[20];
        address = identity.Type == KeyType.Secp256k1 && Curve.Default.TryGetPublicKeyAddress(identity.Raw, bytes) ? bytes : null;
        return address is not null;
    }

    /// <summary>Lower case, without 0x: how peers are named within a link.</summary>
    internal static string Name(ReadOnlySpan<byte> address) => Convert.ToHexStringLower(address);
}
