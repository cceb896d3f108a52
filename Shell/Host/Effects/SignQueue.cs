using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>
/// Requests for the signer, by lane: while a lane has some at the signer its next ones collect, and a lane that waits holds up no other.
/// </summary>
internal sealed class SignQueue
{
    private readonly Lock gate = new();
    private readonly Dictionary<long, SignRequest> known = [];
    private readonly SortedDictionary<long, SignRequest> asked = [];
    private readonly Dictionary<string, SortedDictionary<long, SignRequest>> collected = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> busy = new(StringComparer.Ordinal);
    private readonly Queue<string> ready = new();

    internal void Add(SignRequest request)
    {
        lock (gate)
        {
            if (!known.TryAdd(request.EffectId, request))
            {
                return;
            }

            if (!collected.TryGetValue(request.Lane, out var waiting))
            {
                collected[request.Lane] = waiting = [];
                if (!busy.ContainsKey(request.Lane))
                {
                    ready.Enqueue(request.Lane);
                }
            }

            waiting[request.EffectId] = request;
        }
    }

    /// <summary>It is over: answered, or not wanted any more. False: it was not at the signer.</summary>
    internal bool Remove(long id)
    {
        lock (gate)
        {
            if (!known.Remove(id, out var request))
            {
                return false;
            }

            if (!asked.Remove(id))
            {
                // An empty lane stays in its place, and is passed over when its turn comes.
                collected.GetValueOrDefault(request.Lane)?.Remove(id);
                return false;
            }

            if (--busy[request.Lane] == 0)
            {
                busy.Remove(request.Lane);
                if (collected.ContainsKey(request.Lane))
                {
                    ready.Enqueue(request.Lane);
                }
            }

            return true;
        }
    }

    /// <summary>The next requests of lanes that have none at the signer, which then are there.</summary>
    internal List<SignRequest> Take(int most)
    {
        lock (gate)
        {
            var batch = new List<SignRequest>();
            while (batch.Count < most && ready.TryDequeue(out var lane))
            {
                var waiting = collected[lane];
                foreach (var request in waiting.Values.Take(most - batch.Count).ToList())
                {
                    waiting.Remove(request.EffectId);
                    asked[request.EffectId] = request;
                    busy[lane] = busy.GetValueOrDefault(lane) + 1;
                    batch.Add(request);
                }

                if (waiting.Count == 0)
                {
                    collected.Remove(lane);
                }
            }

            return batch;
        }
    }

    /// <summary>All that is at the signer, oldest first.</summary>
    internal List<SignRequest> Asked()
    {
        lock (gate)
        {
            return [.. asked.Values];
        }
    }
}
