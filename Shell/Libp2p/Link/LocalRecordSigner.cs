using System.Security.Cryptography;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Records;
using Nitro.Secp256k1;

namespace Nitro.Libp2p.Link;

/// <summary>Makes address records where the channel key, which is the identity too, is in this process.</summary>
public sealed class LocalRecordSigner : IRecordSigner
{
    private readonly Secp256k1Identity _identity;
    private readonly byte[] _key;
    private readonly string _address;

    /// <exception cref="ArgumentException">Not a private key.</exception>
    public LocalRecordSigner(ReadOnlySpan<byte> channelKey32)
    {
        _identity = new Secp256k1Identity(channelKey32);
        _key = channelKey32.ToArray();
        _address = PeerAddress.TryOf(_identity.PublicKey, out var address)
            ? EthereumAddress.ToText(address)
            : throw new ArgumentException("This key has no address.", nameof(channelKey32));
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]> MakeRecordAsync(long timestamp, CancellationToken cancellationToken)
    {
        var peer = PeerId.Of(_identity.PublicKey).ToString();
        var signed = AddressRecord.SignedBytes(_address, peer, timestamp);
        var signature = new byte[65];
        if (!Curve.Default.TrySign(SHA256.HashData(signed), _key, signature))
        {
            throw new InvalidOperationException("The curve refuses a key that it took before.");
        }

        signature[64] -= 27;
        var byIdentity = await _identity.SignAsync(signed, cancellationToken).ConfigureAwait(false);
        return new AddressRecord(_address, peer, timestamp, byIdentity, signature).ToJson();
    }
}
