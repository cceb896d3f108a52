using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Host;

/// <summary>The connections that stand, and who is let in when there are many.</summary>
internal sealed class ConnectionTable(SwarmOptions options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, List<Connection>> _byPeer = [];
    private readonly HashSet<PeerId> _protected = [];
    private int _count;

    internal int Count => Volatile.Read(ref _count);

    /// <summary>A peer that is let in even when the table is full, and never makes room for others.</summary>
    internal void Protect(PeerId peer)
    {
        lock (_gate)
        {
            _protected.Add(peer);
        }
    }

    /// <summary>The oldest connection to a peer.</summary>
    internal Connection? Find(PeerId peer)
    {
        lock (_gate)
        {
            return _byPeer.TryGetValue(peer, out var found) ? found.Find(connection => !connection.Closed.IsCancellationRequested) : null;
        }
    }

    internal IReadOnlyList<Connection> All()
    {
        lock (_gate)
        {
            return [.. _byPeer.Values.SelectMany(connections => connections)];
        }
    }

    /// <summary>
    /// Lets a connection in, unless there are too many. <paramref name="evicted"/> must go where a protected peer took its
    /// place.
    /// </summary>
    internal bool TryAdd(Connection connection, out Connection? evicted)
    {
        evicted = null;
        lock (_gate)
        {
            var known = _byPeer.TryGetValue(connection.Peer, out var connections);
            if (connections?.Count >= options.MaxConnectionsPerPeer)
            {
                return false;
            }

            if (_count >= options.MaxConnections)
            {
                evicted = _protected.Contains(connection.Peer)
                    ? _byPeer.Where(entry => !_protected.Contains(entry.Key)).Select(entry => entry.Value[^1]).FirstOrDefault()
                    : null;
                if (evicted is null)
                {
                    return false;
                }
            }

            if (!known)
            {
                _byPeer[connection.Peer] = connections = [];
            }

            connections!.Add(connection);
            _count++;
            return true;
        }
    }

    internal void Remove(Connection connection)
    {
        lock (_gate)
        {
            if (_byPeer.TryGetValue(connection.Peer, out var connections) && connections.Remove(connection))
            {
                _count--;
                if (connections.Count == 0)
                {
                    _byPeer.Remove(connection.Peer);
                }
            }
        }
    }
}
