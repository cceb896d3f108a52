namespace Nitro.Ports;

/// <summary>Carries frames between this tenant and its peers. One frame in flight per peer is the caller's duty.</summary>
public interface IPeerLink : IAsyncDisposable
{
    /// <summary>Where it can be reached, and what it carries.</summary>
    LinkHealth Health => LinkHealth.None;

    /// <summary>
    /// Hands one frame to a peer and waits for its answer. <see cref="PeerAnswer.Taken"/>: durable at the receiver.
    /// </summary>
    /// <param name="peer">20 bytes.</param>
    /// <param name="frame">One message, without the trailing line feed.</param>
    /// <param name="cancellationToken">Gives up waiting; the frame may still arrive.</param>
    ValueTask<PeerAnswer> SendAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken);

    /// <summary>Delivers what arrives, until cancelled.</summary>
    Task RunAsync(IPeerSink sink, CancellationToken cancellationToken);
}
