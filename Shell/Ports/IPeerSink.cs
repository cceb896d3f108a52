namespace Nitro.Ports;

/// <summary>Where a link delivers to.</summary>
public interface IPeerSink
{
    /// <summary>A frame from an authenticated peer (20 bytes). The answer is given only after what was taken is durable.</summary>
    ValueTask<PeerAnswer> ReceivedAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken);

    /// <summary>The peer connected, or connected again.</summary>
    ValueTask SeenAsync(ReadOnlyMemory<byte> peer, CancellationToken cancellationToken);
}
