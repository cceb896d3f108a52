using System.Collections.Concurrent;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Identify;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Negotiation;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Host;

/// <summary>An authenticated connection to one peer. Any number of streams, opened by either side.</summary>
public sealed class Connection
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _slots = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<PeerDescription> _described = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closed = new();
    private readonly SwarmOptions _options;
    private volatile PeerDescription? _description;

    internal Connection(PublicKey remote, Multiaddr remoteAddress, bool isInbound, SwarmOptions options)
    {
        RemoteKey = remote;
        Peer = PeerId.Of(remote);
        RemoteAddress = remoteAddress;
        IsInbound = isInbound;
        _options = options;
    }

    /// <summary>Who is at the other end: proven by the handshake.</summary>
    public PeerId Peer { get; }

    /// <summary>The peer's identity key.</summary>
    public PublicKey RemoteKey { get; }

    /// <summary>The other end of the socket.</summary>
    public Multiaddr RemoteAddress { get; }

    /// <summary>Whether the peer dialed.</summary>
    public bool IsInbound { get; }

    /// <summary>Is cancelled when the connection ends.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>The newest description; null until the first came.</summary>
    public PeerDescription? Description => _description;

    /// <summary>The first description. Fails as the identify exchange or the connection failed.</summary>
    public Task<PeerDescription> Described => _described.Task;

    /// <summary>Streams that are open.</summary>
    public int StreamCount => Session.StreamCount;

    /// <summary>Bytes received and not yet read.</summary>
    public long Buffered => Session.Buffered;

    /// <summary>Signs of life that were asked for and came.</summary>
    public int PongCount => Session.PongCount;

    internal YamuxSession Session { get; set; } = null!;

    internal ConcurrentDictionary<string, int> Inbound { get; } = new(StringComparer.Ordinal);

    /// <summary>Opens a stream for the first of these protocols that the peer speaks. Waits while too many of it are open.</summary>
    /// <exception cref="Libp2pException">NotSupported, Disconnected, StreamReset, TimedOut.</exception>
    public async Task<YamuxStream> OpenStreamAsync(IReadOnlyList<string> protocols, CancellationToken cancellationToken)
    {
        var slots = _slots.GetOrAdd(protocols[0], _ => new SemaphoreSlim(_options.MaxOutboundStreamsPerProtocol));
        await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        YamuxStream stream;
        try
        {
            stream = Session.Open();
        }
        catch
        {
            slots.Release();
            throw;
        }

        // The other side counts a stream until both halves are closed, so the slot is free only then.
        _ = stream.Ended.ContinueWith(
            (_, state) => ((SemaphoreSlim)state!).Release(), slots, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_options.NegotiationTimeout);
        try
        {
            stream.Protocol = await Multistream.DialAsync(stream, protocols, _options, deadline.Token).ConfigureAwait(false);
            return stream;
        }
        catch (Exception e)
        {
            stream.Reset();
            await stream.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new Libp2pException(Libp2pError.TimedOut, $"The peer does not answer a proposal of {protocols[0]}.", e);
            }

            throw;
        }
    }

    /// <inheritdoc cref="OpenStreamAsync(IReadOnlyList{string}, CancellationToken)"/>
    public Task<YamuxStream> OpenStreamAsync(string protocol, CancellationToken cancellationToken) =>
        OpenStreamAsync([protocol], cancellationToken);

    /// <summary>Ends the connection with a goodbye.</summary>
    public void Close() => Session.End(new Libp2pException(Libp2pError.Disconnected, "The connection was closed here."));

    internal void SetDescription(PeerDescription description) => _description = description;

    internal void ReleaseDescription(PeerDescription description) => _described.TrySetResult(description);

    internal void FailDescription(Exception reason)
    {
        _described.TrySetException(reason);
        _ = _described.Task.Exception; // Whoever does not wait for it is not told twice.
    }

    internal void MarkClosed(Libp2pException reason)
    {
        FailDescription(reason);
        _closed.Cancel();
    }
}
