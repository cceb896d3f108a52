namespace Nitro.Ports;

/// <summary>
/// What the network needs of the channel key, which is a tenant's identity there too. The key is behind this port, in this process or
/// elsewhere; requests carry what is meant, never a hash. Where the key is elsewhere both wait until it is within reach.
/// </summary>
/// <remarks>
/// Signatures are 65 bytes r, s, v (27 or 28), s in the lower half, over the SHA-256 of the bytes named: the libp2p identity's signature
/// in DER is made of their r and s, and the public key of the identity is recovered from them.
/// </remarks>
public interface INetworkKeys
{
    /// <summary>The channel key's address, 20 bytes; known before anything is signed.</summary>
    ReadOnlyMemory<byte> ChannelAddress { get; }

    /// <summary>Vouches for the key of this process's encrypted connections; once per start. Over <c>noise-libp2p-static-key:</c> and the key.</summary>
    /// <param name="staticKey">X25519 public key, 32 bytes.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="InvalidOperationException">Refused; the message says why.</exception>
    ValueTask<ReadOnlyMemory<byte>> SignTransportKeyAsync(ReadOnlyMemory<byte> staticKey, CancellationToken cancellationToken);

    /// <summary>
    /// Vouches that the address is found at this peer. Over <c>{"SCAddr":"0x…","PeerID":"…","Timestamp":…}</c> without spaces, the
    /// address with its checksum. One signature stands for both that the record carries, since both keys are this one.
    /// </summary>
    /// <param name="peerId">The libp2p peer id as text: that of the channel key, and of no other.</param>
    /// <param name="timestamp">Seconds since 1970; rises from record to record.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="InvalidOperationException">Refused; the message says why.</exception>
    ValueTask<ReadOnlyMemory<byte>> SignAddressRecordAsync(string peerId, long timestamp, CancellationToken cancellationToken);
}
