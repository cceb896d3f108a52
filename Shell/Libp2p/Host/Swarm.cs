using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Identify;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Noise;
using Nitro.Libp2p.Yamux;

namespace Nitro.Libp2p.Host;

/// <summary>
/// A libp2p host: listens, dials, and gives each stream that a peer opens to the handler of its protocol. Identify and
/// ping are served from the start.
/// </summary>
public sealed partial class Swarm : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ListenAddresses _addresses;
    private readonly PendingUpgrades _pending;
    private readonly HandshakeQuota _quota;
    private readonly ConnectionTable _connections;
    private readonly ByteBudget _budget;
    private readonly StreamRouter _router;
    private readonly IdentifyProtocol _identify;
    private readonly ILogger _log;
    private readonly Lazy<Task<Upgrader>> _upgrader;
    private IConnectionObserver[] _observers = [];

    /// <param name="identity">Who this host is.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="announced">Addresses to announce in place of those that are bound, such as a public one.</param>
    /// <param name="log">Where trouble is told.</param>
    public Swarm(IIdentity identity, SwarmOptions options, IReadOnlyList<Multiaddr>? announced = null, ILogger? log = null)
        : this(
            identity.PublicKey,
            stop => NoiseCredentials.CreateAsync(identity, X25519Key.Random(), Upgrader.Muxers, stop),
            options,
            announced,
            log)
    {
    }

    /// <summary>The same where the identity has signed already.</summary>
    public Swarm(NoiseCredentials credentials, SwarmOptions options, IReadOnlyList<Multiaddr>? announced = null, ILogger? log = null)
        : this(credentials.Identity, _ => new ValueTask<NoiseCredentials>(credentials), options, announced, log)
    {
    }

    private Swarm(
        PublicKey identity,
        Func<CancellationToken, ValueTask<NoiseCredentials>> credentials,
        SwarmOptions options,
        IReadOnlyList<Multiaddr>? announced,
        ILogger? log)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.StreamWindow, SendHalf.InitialWindow, nameof(options.StreamWindow));
        Identity = identity;
        Options = options;
        LocalPeer = PeerId.Of(identity);
        _log = log ?? NullLogger.Instance;
        _addresses = new ListenAddresses(announced ?? []);
        _pending = new PendingUpgrades(options);
        _quota = new HandshakeQuota(options);
        _connections = new ConnectionTable(options);
        _budget = new ByteBudget(options.MaxBuffered);
        _router = new StreamRouter(options, _log);
        _identify = new IdentifyProtocol(this, _log);
        _upgrader = new Lazy<Task<Upgrader>>(async () => new Upgrader(await credentials(_stop.Token).ConfigureAwait(false), options));
        Handle(IdentifyProtocol.Protocol, _identify.AnswerAsync);
        Handle(IdentifyProtocol.PushProtocol, _identify.TakePushAsync);
        Handle(PingProtocol.Protocol, new PingProtocol(options).AnswerAsync);
    }

    /// <summary>Who this host is.</summary>
    public PublicKey Identity { get; }

    /// <summary>This host's id.</summary>
    public PeerId LocalPeer { get; }

    /// <summary>The bounds.</summary>
    public SwarmOptions Options { get; }

    /// <summary>The connections that stand.</summary>
    public IReadOnlyList<Connection> Connections => _connections.All();

    /// <summary>How many.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>Inbound connections that have not proven who they are.</summary>
    public int PendingUpgradeCount => _pending.Count;

    /// <summary>Tasks under way: listeners, connections, streams being served.</summary>
    public int RunningCount => _running.Count;

    /// <summary>Bytes received and not yet read, on all connections.</summary>
    public long Buffered => _budget.Held;

    /// <summary>The protocols that are served.</summary>
    public IReadOnlyList<string> Protocols => _router.Protocols;

    /// <summary>Where this host can be reached, as far as it knows.</summary>
    public IReadOnlyList<Multiaddr> Addresses => _addresses.All;

    /// <summary>Where a peer at this address is told to reach this host.</summary>
    public IReadOnlyList<Multiaddr> AddressesFor(Multiaddr remote) => _addresses.For(remote);

    /// <summary>Serves a protocol. Call <see cref="PushAsync"/> where peers are connected already.</summary>
    public void Handle(string protocol, StreamHandler handler) => _router.Add(protocol, handler);

    /// <summary>Adds somebody who is told of connections.</summary>
    public void Observe(IConnectionObserver observer) => ImmutableAdd(ref _observers, observer);

    /// <summary>A peer that gets a connection even when there are too many.</summary>
    public void Protect(PeerId peer) => _connections.Protect(peer);

    /// <summary>The oldest connection to a peer, if there is one.</summary>
    public Connection? Find(PeerId peer) => _connections.Find(peer);

    /// <summary>Looks at this machine's own addresses again; true if where this host can be reached has changed. <see cref="PushAsync"/> tells it.</summary>
    public bool RefreshAddresses() => _addresses.Refresh();

    /// <summary>Tells all peers anew how this host describes itself.</summary>
    public Task PushAsync(CancellationToken cancellationToken) => Task.WhenAll(Connections.Select(peer => _identify.PushAsync(peer, cancellationToken)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var connection in Connections)
        {
            connection.Close();
        }

        while (!_running.IsEmpty)
        {
            await Task.WhenAll(_running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stop.Dispose();
    }

    internal void Describe(Connection connection, PeerDescription description)
    {
        connection.SetDescription(description);
        foreach (var observer in _observers)
        {
            observer.Described(connection, description);
        }

        connection.ReleaseDescription(description); // Who waits for it finds what the observers have begun.
    }

    private static void ImmutableAdd(ref IConnectionObserver[] observers, IConnectionObserver added)
    {
        IConnectionObserver[] before, after;
        do
        {
            before = Volatile.Read(ref observers);
            after = [.. before, added];
        }
        while (Interlocked.CompareExchange(ref observers, after, before) != before);
    }

    // Null where there are too many connections; the caller then closes the socket.
    private Connection? Start(NoiseOutcome outcome, Multiaddr remote, bool isInbound)
    {
        var connection = new Connection(outcome.Remote, remote, isInbound, Options);
        connection.Session = new YamuxSession(
            outcome.Channel, !isInbound, Options, _budget, stream => Track(_router.ServeAsync(stream, connection)));
        if (_stop.IsCancellationRequested || !_connections.TryAdd(connection, out var evicted))
        {
            return null;
        }

        evicted?.Session.End(new Libp2pException(Libp2pError.LimitReached, "The place is needed."));
        Track(RunAsync(connection));
        return connection;
    }

    private async Task RunAsync(Connection connection)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var session = connection.Session.RunAsync();
        foreach (var observer in _observers)
        {
            observer.Connected(connection);
        }

        Track(_identify.AskAsync(connection));
        if (_stop.IsCancellationRequested)
        {
            connection.Close();
        }

        var reason = await session.ConfigureAwait(false);
        _connections.Remove(connection);
        connection.MarkClosed(reason);
        _log.LogDebug("the connection to {Peer} ended: {Reason}", connection.Peer, reason.Message);
        foreach (var observer in _observers)
        {
            observer.Disconnected(connection, reason);
        }
    }

    private void Track(Task task)
    {
        if (task.IsCompleted)
        {
            return;
        }

        _running.TryAdd(task, 0);
        task.ContinueWith(
            done =>
            {
                _running.TryRemove(done, out byte _);
                if (done.Exception is { } failure)
                {
                    _log.LogError(failure, "a task of the network failed");
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
