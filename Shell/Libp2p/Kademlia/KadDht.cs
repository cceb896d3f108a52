using System.Collections.Concurrent;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identify;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Protos;

namespace Nitro.Libp2p.Kademlia;

/// <summary>
/// The distributed hash table, server and client. Whoever connects and serves it too is remembered, and is given our own
/// records at once: its store may be empty after a restart.
/// </summary>
public sealed class KadDht : IConnectionObserver, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _own = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Connection, Task> _introductions = new();
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Swarm _swarm;
    private readonly KadOptions _options;
    private readonly RoutingTable _table;
    private readonly RecordStore _store;
    private readonly ILogger _log;

    /// <param name="swarm">The host; the protocol is served on it from now on.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="validators">One for each namespace that is kept.</param>
    /// <param name="log">Where trouble is told.</param>
    public KadDht(Swarm swarm, KadOptions options, IEnumerable<IRecordValidator> validators, ILogger? log = null)
    {
        _swarm = swarm;
        _options = options;
        _log = log ?? NullLogger.Instance;
        _table = new RoutingTable(options);
        _store = new RecordStore(options, validators.ToDictionary(one => one.Namespace, StringComparer.Ordinal), swarm.Options.Time);
        swarm.Handle(options.Protocol, new KadServer(swarm, options, _table, _store).ServeAsync);
        swarm.Observe(this);
    }

    /// <summary>Peers that are remembered.</summary>
    public int PeerCount => _table.Count;

    /// <summary>Records that are stored.</summary>
    public int RecordCount => _store.Count;

    /// <summary>The value stored here, if there is one that is not too old.</summary>
    public ReadOnlyMemory<byte>? Stored(string key) => _store.Find(Encoding.ASCII.GetBytes(key))?.Value;

    /// <summary>
    /// Stores a record of our own here and at the peers closest to its key, and gives it to everybody who connects from
    /// now on. Gives back how many peers took it.
    /// </summary>
    /// <exception cref="ArgumentException">The record is not valid, or older than the one stored here.</exception>
    public async Task<int> PublishAsync(string key, byte[] value, CancellationToken cancellationToken)
    {
        var bytes = Encoding.ASCII.GetBytes(key);
        if (!_store.TryPut(bytes, value))
        {
            throw new ArgumentException($"The record under {key} is not valid, or a newer one is known.", nameof(value));
        }

        _own[key] = value;
        var lookup = await SearchAsync(bytes, KadMessageType.FindNode, (_, _) => false, cancellationToken).ConfigureAwait(false);
        var taken = await Task.WhenAll(lookup.Answered.Select(contact => PutAsync(contact, bytes, value, cancellationToken))).ConfigureAwait(false);
        return taken.Count(one => one);
    }

    /// <summary>The best record for a key, of those here and at the peers closest to it; null where nobody has a valid one.</summary>
    public async Task<ReadOnlyMemory<byte>?> ResolveAsync(string key, CancellationToken cancellationToken)
    {
        var bytes = Encoding.ASCII.GetBytes(key);
        if (_store.ValidatorOf(bytes) is not { } validator)
        {
            return null;
        }

        var best = _store.Find(bytes)?.Value;
        var holders = new Dictionary<PeerId, byte[]>();
        var lookup = await SearchAsync(bytes, KadMessageType.GetValue, Hear, cancellationToken).ConfigureAwait(false);
        if (best is null)
        {
            return null;
        }

        // Those close to the key that lacked the best one get it.
        _store.TryPut(bytes, best);
        foreach (var contact in lookup.Answered)
        {
            if (!holders.TryGetValue(contact.Peer, out var held) || !held.AsSpan().SequenceEqual(best))
            {
                Track(PutAsync(contact, bytes, best, _stop.Token));
            }
        }

        return best;

        bool Hear(KadContact contact, KadMessage reply)
        {
            if (reply.Record is { } record && record.Key.Span.SequenceEqual(bytes) && _store.IsValid(bytes, record.Value.Span))
            {
                var value = holders[contact.Peer] = record.Value.ToByteArray();
                best = best is null || validator.Select([best, value]) == 1 ? value : best;
            }

            return false;
        }
    }

    /// <summary>Where a peer says it is, or others say it is; empty where nobody knows.</summary>
    public async Task<IReadOnlyList<Multiaddr>> FindPeerAsync(PeerId peer, CancellationToken cancellationToken)
    {
        var found = KadWire.Dialable(_swarm.Find(peer)?.Description?.Addresses ?? _table.Find(peer)?.Addresses ?? [], peer);
        if (found.Count == 0)
        {
            await SearchAsync(
                peer.Bytes.ToArray(), KadMessageType.FindNode,
                (_, reply) =>
                {
                    found = KadWire.Contacts(reply, _options).FirstOrDefault(contact => contact.Peer.Equals(peer))?.Addresses ?? [];
                    return found.Count > 0;
                },
                cancellationToken).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>
    /// Ends when a peer that has described itself was offered our records. Worth waiting for before anything is said to it
    /// that it may want to answer: go-nitro dies of an address that it cannot find.
    /// </summary>
    public Task IntroductionTo(Connection connection) => _introductions.GetValueOrDefault(connection, Task.CompletedTask);

    /// <summary>Looks for the peers closest to ourselves, which fills the table. Worth doing after start and every ten minutes.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken) =>
        SearchAsync(_swarm.LocalPeer.Bytes.ToArray(), KadMessageType.FindNode, (_, _) => false, cancellationToken);

    /// <inheritdoc/>
    public void Connected(Connection connection)
    {
    }

    /// <inheritdoc/>
    public void Described(Connection connection, PeerDescription description)
    {
        if (!description.Speaks(_options.Protocol))
        {
            return;
        }

        var contact = new KadContact(connection.Peer, [.. KadWire.Dialable(description.Addresses, connection.Peer).Take(_options.MaxAddresses)]);
        _table.Add(contact);
        if (_introductions.ContainsKey(connection))
        {
            return; // Described itself anew: it has our records.
        }

        var puts = Task.WhenAll(_own.Select(own => PutAsync(contact, Encoding.ASCII.GetBytes(own.Key), own.Value, _stop.Token)));
        _introductions[connection] = puts;
        Track(puts);
        if (connection.Closed.IsCancellationRequested)
        {
            _introductions.TryRemove(connection, out _);
        }
    }

    /// <inheritdoc/>
    public void Disconnected(Connection connection, Libp2pException reason) => _introductions.TryRemove(connection, out _);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<Lookup> SearchAsync(
        byte[] key, KadMessageType type, Func<KadContact, KadMessage, bool> isFound, CancellationToken cancellationToken)
    {
        var target = KadId.Of(key);
        var lookup = new Lookup(target, _swarm.LocalPeer, _options);
        await lookup.RunAsync(
            _table.Closest(target, _options.BucketSize),
            contact => RequestAsync(contact, new KadMessage { Type = type, Key = ByteString.CopyFrom(key) }, cancellationToken),
            isFound).ConfigureAwait(false);
        return lookup;
    }

    private async Task<bool> PutAsync(KadContact contact, byte[] key, byte[] value, CancellationToken cancellationToken)
    {
        var bytes = ByteString.CopyFrom(key);
        var record = new KadRecord { Key = bytes, Value = ByteString.CopyFrom(value) };
        var put = new KadMessage { Type = KadMessageType.PutValue, Key = bytes, Record = record };
        return await RequestAsync(contact, put, cancellationToken).ConfigureAwait(false) is { Record: { } echoed } && echoed.Value.Equals(record.Value);
    }

    // Null where the peer does not answer or refuses: then it is out of the table, unless it only refused a record.
    private async Task<KadMessage?> RequestAsync(KadContact contact, KadMessage request, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        deadline.CancelAfter(_options.RequestTimeout);
        try
        {
            var connection = await _swarm.DialAsync(contact.Peer, contact.Addresses, deadline.Token).ConfigureAwait(false);
            await using var stream = await connection.OpenStreamAsync(_options.Protocol, deadline.Token).ConfigureAwait(false);
            await KadWire.WriteAsync(stream, request, deadline.Token).ConfigureAwait(false);
            // Our half stays open until the reply is here: js-libp2p resets a stream whose requests have ended, reply and all.
            var reply = await KadWire.ReadAsync(stream, _options, deadline.Token).ConfigureAwait(false);
            if (reply is not null)
            {
                _table.Add(contact);
                return reply;
            }
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            _log.LogDebug(e, "{Peer} does not answer a request of type {Type}", contact.Peer, request.Type);
        }

        if (request.Type != KadMessageType.PutValue)
        {
            _table.Remove(contact.Peer);
        }

        return null;
    }

    private void Track(Task task)
    {
        _running.TryAdd(task, 0);
        task.ContinueWith(done => _running.TryRemove(done, out byte _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
