using System.Security.Cryptography;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Noise;
using Nitro.Libp2p.Records;
using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Libp2p.Link;

/// <summary>Signs for the network where the channel key is in this process.</summary>
public sealed class LocalNetworkKeys : INetworkKeys
{
    private readonly byte[] _key;
    private readonly byte[] _address = new byte[20];

    /// <param name="channelKey32">Copied.</param>
    /// <exception cref="ArgumentException">Not a private key.</exception>
    public LocalNetworkKeys(ReadOnlySpan<byte> channelKey32)
    {
        _key = Curve.Default.TryGetAddress(channelKey32, _address)
            ? channelKey32.ToArray()
            : throw new ArgumentException("This is not a secp256k1 private key.", nameof(channelKey32));
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> ChannelAddress => _address;

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> SignTransportKeyAsync(ReadOnlyMemory<byte> staticKey, CancellationToken cancellationToken) =>
        new(Sign(NoiseCredentials.SignedBytes(staticKey.Span)));

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> SignAddressRecordAsync(string peerId, long timestamp, CancellationToken cancellationToken) =>
        new(Sign(AddressRecord.SignedBytes(EthereumAddress.ToText(_address), peerId, timestamp)));

    private ReadOnlyMemory<byte> Sign(byte[] message)
    {
        var signature = new byte[65];
        return Curve.Default.TrySign(SHA256.HashData(message), _key, signature)
            ? signature
            : throw new InvalidOperationException("The curve refuses a key that it took before.");
    }
}
