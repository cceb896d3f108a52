using System.Net;
using System.Net.Sockets;

namespace Nitro.Libp2p.Host;

/// <summary>
/// Inbound connections that have not proven who they are. When there are too many, of all or of one network address, the oldest
/// of those falls: an honest peer is done in a moment, one that dawdles makes room.
/// </summary>
internal sealed class PendingUpgrades(SwarmOptions options)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<PendingUpgrade> _pending = new();
    private readonly Dictionary<IPAddress, int> _bySource = [];

    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>Enters a new one.</summary>
    internal LinkedListNode<PendingUpgrade> Enter(Socket socket, IPAddress source)
    {
        var prefix = HandshakeQuota.Prefix(source);
        LinkedListNode<PendingUpgrade>? oldest = null;
        LinkedListNode<PendingUpgrade> entered;
        lock (_gate)
        {
            entered = _pending.AddLast(new PendingUpgrade(socket, prefix));
            var ofSource = _bySource[prefix] = _bySource.GetValueOrDefault(prefix) + 1;
            if (ofSource > options.MaxPendingUpgradesPerSource)
            {
                oldest = _pending.First;
                while (!oldest!.Value.Source.Equals(prefix))
                {
                    oldest = oldest.Next;
                }
            }
            else if (_pending.Count > options.MaxPendingUpgrades)
            {
                oldest = _pending.First;
            }

            if (oldest is not null)
            {
                Remove(oldest);
            }
        }

        oldest?.Value.Socket.Dispose();
        return entered;
    }

    internal void Leave(LinkedListNode<PendingUpgrade> entered)
    {
        lock (_gate)
        {
            if (entered.List is not null)
            {
                Remove(entered);
            }
        }
    }

    private void Remove(LinkedListNode<PendingUpgrade> pending)
    {
        _pending.Remove(pending);
        if (--_bySource[pending.Value.Source] == 0)
        {
            _bySource.Remove(pending.Value.Source);
        }
    }
}
