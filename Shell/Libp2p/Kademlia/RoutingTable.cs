using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Kademlia;

/// <summary>The peers that serve the table and were met. A list is enough for the sizes of these networks.</summary>
internal sealed class RoutingTable(KadOptions options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, KadContact> _contacts = [];
    private readonly Queue<PeerId> _order = new();

    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _contacts.Count;
            }
        }
    }

    /// <summary>Remembers a peer, or its new addresses. When there are too many the one met first is forgotten.</summary>
    internal void Add(KadContact contact)
    {
        lock (_gate)
        {
            if (_contacts.TryGetValue(contact.Peer, out var known))
            {
                _contacts[contact.Peer] = contact.Addresses.Count > 0 ? contact : known;
                return;
            }

            while (_contacts.Count >= options.MaxPeers)
            {
                _contacts.Remove(_order.Dequeue());
            }

            _contacts[contact.Peer] = contact;
            _order.Enqueue(contact.Peer);
            if (_order.Count > 2 * options.MaxPeers)
            {
                Compact();
            }
        }
    }

    /// <summary>Forgets a peer that does not answer.</summary>
    internal void Remove(PeerId peer)
    {
        lock (_gate)
        {
            _contacts.Remove(peer);
        }
    }

    internal KadContact? Find(PeerId peer)
    {
        lock (_gate)
        {
            return _contacts.GetValueOrDefault(peer);
        }
    }

    /// <summary>Those closest to a place, closest first.</summary>
    internal IReadOnlyList<KadContact> Closest(KadId target, int count)
    {
        lock (_gate)
        {
            return [.. _contacts.Values.OrderBy(contact => contact.Id.DistanceTo(target)).Take(count)];
        }
    }

    // Peers that were forgotten and met again stand in line more than once.
    private void Compact()
    {
        var kept = _order.Where(_contacts.ContainsKey).Distinct().ToArray();
        _order.Clear();
        foreach (var peer in kept)
        {
            _order.Enqueue(peer);
        }
    }
}
