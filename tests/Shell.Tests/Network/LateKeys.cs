using Nitro.Libp2p.Link;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Network;

/// <summary>Network keys at a signer that is away until told to come.</summary>
internal sealed class LateKeys(byte[] key) : INetworkKeys
{
    private readonly LocalNetworkKeys _keys = new(key);
    private readonly TaskCompletionSource _come = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ReadOnlyMemory<byte> ChannelAddress => _keys.ChannelAddress;

    public void Come() => _come.SetResult();

    public async ValueTask<ReadOnlyMemory<byte>> SignTransportKeyAsync(ReadOnlyMemory<byte> staticKey, CancellationToken cancellationToken)
    {
        await _come.Task.WaitAsync(cancellationToken);
        return await _keys.SignTransportKeyAsync(staticKey, cancellationToken);
    }

    public async ValueTask<ReadOnlyMemory<byte>> SignAddressRecordAsync(string peerId, long timestamp, CancellationToken cancellationToken)
    {
        await _come.Task.WaitAsync(cancellationToken);
        return await _keys.SignAddressRecordAsync(peerId, timestamp, cancellationToken);
    }
}
