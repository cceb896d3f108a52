using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Protos;

namespace Nitro.Libp2p.Kademlia;

/// <summary>
/// One search: asks the closest peers known, learns of closer ones from their replies, and ends when all of the closest
/// have answered or failed.
/// </summary>
internal sealed class Lookup(KadId target, PeerId self, KadOptions options)
{
    private readonly SortedList<(UInt128 High, UInt128 Low), KadContact> _heard = [];
    private readonly HashSet<PeerId> _asked = [];
    private readonly HashSet<PeerId> _failed = [];
    private readonly HashSet<PeerId> _answered = [];

    /// <summary>Those closest that answered, closest first.</summary>
    internal IReadOnlyList<KadContact> Answered => [.. _heard.Values.Where(contact => _answered.Contains(contact.Peer)).Take(options.BucketSize)];

    /// <summary>Runs it.</summary>
    /// <param name="start">The peers to begin with.</param>
    /// <param name="ask">Asks one peer; null where it does not answer.</param>
    /// <param name="isFound">Told of each answer, one at a time; true ends the search.</param>
    internal async Task RunAsync(
        IEnumerable<KadContact> start, Func<KadContact, Task<KadMessage?>> ask, Func<KadContact, KadMessage, bool> isFound)
    {
        Hear(start);
        var running = new Dictionary<Task<KadMessage?>, KadContact>();
        while (true)
        {
            while (running.Count < options.Parallelism && Next() is { } next)
            {
                _asked.Add(next.Peer);
                running.Add(ask(next), next);
            }

            if (running.Count == 0)
            {
                return;
            }

            var done = await Task.WhenAny(running.Keys).ConfigureAwait(false);
            running.Remove(done, out var contact);
            if (await done.ConfigureAwait(false) is not { } reply)
            {
                _failed.Add(contact!.Peer);
                continue;
            }

            _answered.Add(contact!.Peer);
            Hear(KadWire.Contacts(reply, options));
            if (isFound(contact, reply))
            {
                return;
            }
        }
    }

    private void Hear(IEnumerable<KadContact> contacts)
    {
        foreach (var contact in contacts)
        {
            if (!contact.Peer.Equals(self))
            {
                _heard.TryAdd(contact.Id.DistanceTo(target), contact);
            }
        }
    }

    private KadContact? Next() => _asked.Count >= options.MaxQueries
        ? null
        : _heard.Values.Where(contact => !_failed.Contains(contact.Peer)).Take(options.BucketSize)
            .FirstOrDefault(contact => !_asked.Contains(contact.Peer));
}
