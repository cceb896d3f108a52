namespace Nitro.SignerApi;

/// <summary>What waits, by lane: askers are told in the order in which they asked. While the stage's gate is held.</summary>
internal sealed class LaneQueues
{
    private readonly Dictionary<string, Queue<StagedRequest>> _lanes = new(StringComparer.Ordinal);

    /// <summary>How many of a lane are on the stage.</summary>
    public int Waiting(string lane) => _lanes.TryGetValue(lane, out var waiting) ? waiting.Count(request => !request.IsEnded) : 0;

    /// <summary>Behind all others of its lane.</summary>
    public void Add(StagedRequest request)
    {
        if (!_lanes.TryGetValue(request.Lane, out var waiting))
        {
            _lanes[request.Lane] = waiting = new Queue<StagedRequest>();
        }

        waiting.Enqueue(request);
    }

    /// <summary>Tells what is decided, in order, and lets go of what is over.</summary>
    public void Tell(string lane)
    {
        if (!_lanes.TryGetValue(lane, out var waiting))
        {
            return;
        }

        while (waiting.TryPeek(out var first))
        {
            first.Tell();
            if (!first.IsEnded)
            {
                return;
            }

            waiting.Dequeue();
        }

        _lanes.Remove(lane);
    }
}
