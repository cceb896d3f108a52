using System.Net.Sockets;

namespace Nitro.Libp2p.Host;

/// <summary>
/// Inbound connections that have not proven who they are. When there are too many the oldest falls: an honest peer is done
/// in a moment, one that dawdles makes room.
/// </summary>
internal sealed class PendingUpgrades(int limit)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Socket> _pending = new();

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
    internal LinkedListNode<Socket> Enter(Socket socket)
    {
        Socket? oldest = null;
        LinkedListNode<Socket> entered;
        lock (_gate)
        {
            entered = _pending.AddLast(socket);
            if (_pending.Count > limit)
            {
                oldest = _pending.First!.Value;
                _pending.RemoveFirst();
            }
        }

        oldest?.Dispose();
        return entered;
    }

    internal void Leave(LinkedListNode<Socket> entered)
    {
        lock (_gate)
        {
            if (entered.List is not null)
            {
                _pending.Remove(entered);
            }
        }
    }
}
