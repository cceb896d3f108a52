namespace Nitro.Libp2p.Link;

/// <summary>What a link has carried since its start.</summary>
internal sealed class LinkTraffic
{
    private long _sent;
    private long _received;
    private int _heldBack;

    internal long Sent => Interlocked.Read(ref _sent);

    internal long Received => Interlocked.Read(ref _received);

    internal int HeldBack => Volatile.Read(ref _heldBack);

    internal void Send(int bytes) => Interlocked.Add(ref _sent, bytes);

    internal void Receive(int bytes) => Interlocked.Add(ref _received, bytes);

    internal void Hold(int messages) => Interlocked.Add(ref _heldBack, messages);
}
