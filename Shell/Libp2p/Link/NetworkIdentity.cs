using System.Security.Cryptography;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Noise;
using Nitro.Libp2p.Records;
using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Libp2p.Link;

/// <summary>
/// Who a node is on the network: its channel key, which may be elsewhere and then signs once a start for a fresh key of the
/// connections, and once for each address record.
/// </summary>
public sealed class NetworkIdentity
{
    private readonly INetworkKeys _keys;

    private NetworkIdentity(INetworkKeys keys, NoiseCredentials credentials)
    {
        (_keys, Credentials) = (keys, credentials);
        Peer = PeerId.Of(credentials.Identity);
    }

    /// <summary>The peer id of the channel key.</summary>
    public PeerId Peer { get; }

    /// <summary>What a swarm proves itself with.</summary>
    public NoiseCredentials Credentials { get; }

    /// <summary>The channel address as text, with its checksum.</summary>
    public string Address => EthereumAddress.ToText(_keys.ChannelAddress.Span);

    /// <summary>Has a fresh key for connections signed; waits for whoever signs.</summary>
    /// <exception cref="InvalidOperationException">It is refused, or the signature is not the channel key's.</exception>
    public static async Task<NetworkIdentity> CreateAsync(INetworkKeys keys, CancellationToken cancellationToken)
    {
        var connections = X25519Key.Random();
        var signature = await keys.SignTransportKeyAsync(connections.Public.ToArray(), cancellationToken).ConfigureAwait(false);
        var signer = Signer(NoiseCredentials.SignedBytes(connections.Public), signature.Span);
        return signer is not null && PeerAddress.TryOf(signer, out var address) && address.AsSpan().SequenceEqual(keys.ChannelAddress.Span)
            ? new NetworkIdentity(keys, NoiseCredentials.Of(signer, connections, DerSignature.Write(signature.Span[..64])))
            : throw new InvalidOperationException("the signature for the network is not the channel key's");
    }

    /// <summary>Our address record with this timestamp (seconds since 1970), as JSON.</summary>
    /// <exception cref="InvalidOperationException">It is refused.</exception>
    public async Task<byte[]> MakeRecordAsync(long timestamp, CancellationToken cancellationToken)
    {
        var peer = Peer.ToString();
        var signature = (await _keys.SignAddressRecordAsync(peer, timestamp, cancellationToken).ConfigureAwait(false)).ToArray();
        if (signature is not [.., 27 or 28] || signature.Length != 65)
        {
            throw new InvalidOperationException("the signature for an address record is not 65 bytes with v 27 or 28");
        }

        signature[64] -= 27; // As go-ethereum writes it.
        return new AddressRecord(Address, peer, timestamp, DerSignature.Write(signature.AsSpan(0, 64)), signature).ToJson();
    }

    private static PublicKey? Signer(byte[] message, ReadOnlySpan<byte> signature)
    {
        Span<byte> point = stackalloc byte[65];
        Span<byte> compressed = stackalloc byte[33];
        if (!Curve.Default.TryRecoverPublicKey(SHA256.HashData(message), signature, point))
        {
            return null;
        }

        compressed[0] = (byte)(2 + (point[64] & 1));
        point[1..33].CopyTo(compressed[1..]);
        return PublicKey.TryCreate(KeyType.Secp256k1, compressed, out var key) ? key : null;
    }
}
