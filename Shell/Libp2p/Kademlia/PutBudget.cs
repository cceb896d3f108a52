using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Kademlia;

/// <summary>How many records each peer has put within the running minute.</summary>
internal sealed class PutBudget(int perMinute, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, int> _counts = [];
    private long _began = time.GetTimestamp();

    internal bool TryTake(PeerId peer)
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_began) >= TimeSpan.FromMinutes(1))
            {
                _counts.Clear();
                _began = time.GetTimestamp();
            }

            var count = _counts.GetValueOrDefault(peer) + 1;
            _counts[peer] = count;
            return count <= perMinute;
        }
    }
}
