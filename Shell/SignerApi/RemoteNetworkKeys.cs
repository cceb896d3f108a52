using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.Signing;

namespace Nitro.SignerApi;

/// <summary>
/// The network identity where the channel key is elsewhere: the signer makes the record of our address out of the public key alone, which
/// the signature under the transport key has told.
/// </summary>
public sealed class RemoteNetworkKeys : INetworkKeys
{
    private readonly StageAsker _asker;
    private volatile byte[]? _publicKey;

    internal RemoteNetworkKeys(StageHost stage, ReadOnlyMemory<byte> address)
    {
        _asker = new StageAsker(stage, "network", address);
        ChannelAddress = address;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> ChannelAddress { get; }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> SignTransportKeyAsync(ReadOnlyMemory<byte> staticKey, CancellationToken cancellationToken)
    {
        var request = IdentityRequest.TransportKey(staticKey) ?? throw new ArgumentException("A transport key has 32 bytes.", nameof(staticKey));
        var signature = await AskAsync(request, cancellationToken);
        var point = new byte[65];
        _publicKey = Curve.Default.TryRecoverPublicKey(request.Digest.Span, signature.Span, point)
            ? point[1..]
            : throw new InvalidOperationException("The stage let a signature through from which no key recovers.");
        return signature;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Refused, or no transport key was signed before.</exception>
    public ValueTask<ReadOnlyMemory<byte>> SignAddressRecordAsync(string peerId, long timestamp, CancellationToken cancellationToken) =>
        _publicKey is { } known && IdentityRequest.AddressRecord(known, timestamp) is { } request
            ? new(AskAsync(request, cancellationToken))
            : throw new InvalidOperationException("The signer's public key is not known yet: have a transport key signed first.");

    private Task<ReadOnlyMemory<byte>> AskAsync(IdentityRequest request, CancellationToken cancellationToken) =>
        _asker.AskAsync([request.Request], request.Digest, [], cancellationToken);
}
