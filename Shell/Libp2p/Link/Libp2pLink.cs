using System.Collections.Concurrent;
using System.Net.NetworkInformation;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identify;
using Nitro.Libp2p.Kademlia;
using Nitro.Libp2p.Records;
using Nitro.Ports;

namespace Nitro.Libp2p.Link;

/// <summary>
/// A node's peers on the network: finds them by address, carries messages, and says who connects. Nobody's
/// absence stops anything.
/// </summary>
public sealed class Libp2pLink : IPeerLink, IConnectionObserver
{
    // So many attempts in a row have failed when the operator hears of it, once: who starts again is away for a moment only.
    private const int TellingFailures = 3;

    // Whoever connects more often than the node takes notice is told of later, by the next connection.
    private readonly Channel<byte[]> _seen = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly ConcurrentDictionary<Connection, Task> _introductions = new();
    private readonly LinkOptions _options;
    private readonly Swarm _swarm;
    private readonly KadDht _dht;
    private readonly NetworkIdentity _identity;
    private readonly ILogger _log;
    private readonly PeerFinder _finder;
    private readonly MessageProtocols _messages;
    private readonly PeerInfoProtocol _peerInfo;
    private readonly LinkTraffic _traffic = new();
    private readonly SemaphoreSlim _moved = new(0, 1);

    /// <param name="swarm">The host, its identity the channel key. Not disposed of here.</param>
    /// <param name="dht">Its hash table, with the validator of address records. Not disposed of here.</param>
    /// <param name="identity">Has our address record signed.</param>
    /// <param name="options">What the configuration says.</param>
    /// <param name="log">Where trouble is told.</param>
    public Libp2pLink(Swarm swarm, KadDht dht, NetworkIdentity identity, LinkOptions options, ILogger? log = null)
    {
        (_swarm, _dht, _identity, _options, _log) = (swarm, dht, identity, options, log ?? NullLogger.Instance);
        _finder = new PeerFinder(swarm, dht, options);
        _messages = new MessageProtocols(options, swarm.Options.MaxOutboundStreamsPerProtocol, _finder.AddressOf, _traffic, swarm.Options.Time, _log);
        _peerInfo = new PeerInfoProtocol(swarm, options, _finder);
        swarm.Handle(MessageProtocols.V1, _messages.TakeV1Async);
        swarm.Handle(MessageProtocols.V2, _messages.TakeV2Async);
        swarm.Handle(PeerInfoProtocol.Protocol, _peerInfo.HearAsync);
        swarm.Observe(this);
    }

    /// <inheritdoc/>
    public LinkHealth Health => new(
        [.. _swarm.Addresses.Select(address => address.WithPeer(_swarm.LocalPeer).ToString())],
        _finder.Connected,
        _swarm.ConnectionCount,
        _traffic.Sent,
        _traffic.Received,
        _traffic.HeldBack);

    /// <inheritdoc/>
    public async ValueTask<PeerAnswer> SendAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var name = PeerAddress.Name(peer.Span);
            var connection = Standing(name) ?? await ReachAsync(peer, deadline).ConfigureAwait(false);
            deadline.CancelAfter(_options.MessageTimeout);
            return await _messages.SendAsync(connection, _options.GoNitroPeers.Contains(name), frame, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            _log.LogDebug(e, "a message for 0x{Peer} was not answered", PeerAddress.Name(peer.Span));
            return PeerAnswer.Unreachable;
        }
    }

    /// <inheritdoc/>
    public async Task RunAsync(IPeerSink sink, CancellationToken cancellationToken)
    {
        _messages.Sink = sink;
        NetworkChange.NetworkAddressChanged += Moved;
        _swarm.ListenedAnew += Moved;
        try
        {
            await Task.WhenAll([
                ReportAsync(sink, cancellationToken), PublishAsync(cancellationToken), RefreshAsync(cancellationToken),
                .. _options.BootPeers.Concat(_options.Peers.Values).Select(peer => KeepConnectedAsync(peer, cancellationToken))])
                .ConfigureAwait(false);
        }
        finally
        {
            NetworkChange.NetworkAddressChanged -= Moved;
            _swarm.ListenedAnew -= Moved;
            _messages.Sink = null;
        }
    }

    /// <inheritdoc/>
    public void Connected(Connection connection)
    {
    }

    /// <inheritdoc/>
    public void Described(Connection connection, PeerDescription description)
    {
        if (description.Speaks(PeerInfoProtocol.Protocol) && !_introductions.ContainsKey(connection))
        {
            _introductions[connection] = IntroduceAsync(connection);
            if (connection.Closed.IsCancellationRequested)
            {
                _introductions.TryRemove(connection, out _);
            }
        }

        if (_finder.AddressOf(connection) is { } address)
        {
            _finder.Learn(address, connection.Peer);
            if (connection.Closed.IsCancellationRequested)
            {
                _finder.Forget(address, connection.Peer);
            }

            _seen.Writer.TryWrite(address);
        }
    }

    /// <inheritdoc/>
    public void Disconnected(Connection connection, Libp2pException reason)
    {
        _introductions.TryRemove(connection, out _);
        _finder.Forget(_finder.AddressOf(connection), connection.Peer);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _messages.Sink = null;
        return ValueTask.CompletedTask;
    }

    // The connection to a peer that has described itself and was told what it must know.
    private Connection? Standing(string name) =>
        _finder.Standing(name) is { Described.IsCompletedSuccessfully: true } connection && Introduced(connection).IsCompletedSuccessfully ? connection : null;

    private async Task<Connection> ReachAsync(ReadOnlyMemory<byte> peer, CancellationTokenSource deadline)
    {
        deadline.CancelAfter(_options.FindTimeout);
        var connection = await _finder.FindAsync(peer, deadline.Token).ConfigureAwait(false);
        await connection.Described.WaitAsync(deadline.Token).ConfigureAwait(false);
        await Introduced(connection).WaitAsync(deadline.Token).ConfigureAwait(false);
        return connection;
    }

    private Task Introduced(Connection connection) =>
        Task.WhenAll(_dht.IntroductionTo(connection), _introductions.GetValueOrDefault(connection, Task.CompletedTask));

    private async Task ReportAsync(IPeerSink sink, CancellationToken cancellationToken)
    {
        await foreach (var address in _seen.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await sink.SeenAsync(address, cancellationToken).ConfigureAwait(false);
        }
    }

    // The clock may have been put back, but timestamps rise.
    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        for (var timestamp = 0L; ;)
        {
            var told = _swarm.Addresses;
            timestamp = Math.Max(_swarm.Options.Time.GetUtcNow().ToUnixTimeSeconds(), timestamp + 1);
            var isPublished = await TryPublishAsync(timestamp, cancellationToken).ConfigureAwait(false);
            if (await IsMovedAsync(told, isPublished ? _options.Republish : _options.MaxRetry, cancellationToken).ConfigureAwait(false))
            {
                await _swarm.PushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Whether our addresses become others within a while. An interface that comes and goes is none of the peers' business.
    private async Task<bool> IsMovedAsync(IReadOnlyList<Multiaddr> told, TimeSpan pause, CancellationToken cancellationToken)
    {
        var began = _swarm.Options.Time.GetTimestamp();
        for (var left = pause; left > TimeSpan.Zero; left = pause - _swarm.Options.Time.GetElapsedTime(began))
        {
            if (await _moved.WaitAsync(left, cancellationToken).ConfigureAwait(false))
            {
                _swarm.RefreshAddresses();
            }

            if (!_swarm.Addresses.SequenceEqual(told))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> TryPublishAsync(long timestamp, CancellationToken cancellationToken)
    {
        try
        {
            var record = await _identity.MakeRecordAsync(timestamp, cancellationToken).ConfigureAwait(false);
            await _dht.PublishAsync(AddressRecord.KeyOf(_options.Address), record, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            _log.LogWarning("Our address record is not published, so peers that do not know our network address do not find us: {Reason}", e.Message);
            return false;
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        for (var pause = _options.MaxRetry / 4; ; pause = _options.Refresh)
        {
            await Task.Delay(pause, _swarm.Options.Time, cancellationToken).ConfigureAwait(false);
            await _dht.RefreshAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Our addresses may have changed.</summary>
    internal void Moved(object? sender, EventArgs e)
    {
        try
        {
            _moved.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is known already.
        }
    }

    private async Task KeepConnectedAsync(Multiaddr address, CancellationToken cancellationToken)
    {
        var peer = address.Peer ?? throw new ArgumentException($"{address} does not end with a peer id.", nameof(address));
        _swarm.Protect(peer);
        var failures = 0;
        for (var pause = _options.MinRetry; ;)
        {
            try
            {
                var connection = await _swarm.DialAsync(peer, [address], cancellationToken).ConfigureAwait(false);
                if (failures >= TellingFailures)
                {
                    _log.LogInformation("{Address} is reached", address);
                }

                failures = 0;
                pause = _options.MinRetry;
                await Task.Delay(Timeout.Infinite, connection.Closed).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                if (++failures == TellingFailures)
                {
                    _log.LogWarning("{Reason}. It is tried again until it is reached", e is OperationCanceledException ? $"{address} does not answer" : e.Message);
                }
                else
                {
                    _log.LogDebug(e, "{Address} is not reached", address);
                }
            }

            var jitter = 0.75 + (Random.Shared.NextDouble() / 2);
            await Task.Delay(pause * jitter, _swarm.Options.Time, cancellationToken).ConfigureAwait(false);
            pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, _options.MaxRetry.Ticks));
        }
    }

    private async Task IntroduceAsync(Connection connection)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(connection.Closed);
        deadline.CancelAfter(_swarm.Options.NegotiationTimeout);
        try
        {
            await _peerInfo.TellAsync(connection, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            _log.LogDebug(e, "{Peer} was not told who we are", connection.Peer);
        }
    }
}
