namespace Nitro.Host.Loop;

/// <summary>
/// Where events wait for the turn. Outcomes (of signer, links and chain) always have room, since each answers an effect and
/// so empties a lane; they go first. What comes from outside is bounded.
/// </summary>
internal sealed class Mailbox(int mostFromOutside)
{
    private readonly Lock gate = new();
    private readonly Queue<Mail> outcomes = new();
    private readonly Queue<Mail> outside = new();
    private readonly Signal arrived = new();
    private TenantStoppedException? closed;

    internal int Count
    {
        get
        {
            lock (gate)
            {
                return outcomes.Count + outside.Count;
            }
        }
    }

    /// <summary>An outcome. After the end it fails instead.</summary>
    internal void Post(Mail mail)
    {
        lock (gate)
        {
            if (closed is null)
            {
                outcomes.Enqueue(mail);
            }
        }

        Delivered(mail);
    }

    /// <summary>An API call or a peer's frame. False: no room. After the end it fails instead, and the answer is true.</summary>
    internal bool TryPost(Mail mail)
    {
        lock (gate)
        {
            if (closed is null)
            {
                if (outside.Count >= mostFromOutside)
                {
                    return false;
                }

                outside.Enqueue(mail);
            }
        }

        Delivered(mail);
        return true;
    }

    /// <summary>Moves up to <paramref name="most"/> events over, outcomes first.</summary>
    internal void Take(List<Mail> batch, int most)
    {
        lock (gate)
        {
            Move(outcomes, batch, most);
            Move(outside, batch, most);
            if (outcomes.Count + outside.Count > 0)
            {
                arrived.Set();
            }
        }
    }

    /// <summary>Waits for an event or a nudge.</summary>
    internal Task WaitAsync(CancellationToken cancellationToken) => arrived.WaitAsync(cancellationToken);

    /// <summary>Ends a wait without an event: the clock has something to say.</summary>
    internal void Nudge() => arrived.Set();

    /// <summary>Fails what waits and what comes later.</summary>
    internal void Close(TenantStoppedException reason)
    {
        var left = new List<Mail>();
        lock (gate)
        {
            closed ??= reason;
            Move(outcomes, left, int.MaxValue);
            Move(outside, left, int.MaxValue);
        }

        left.ForEach(mail => mail.Fail(reason));
    }

    private static void Move(Queue<Mail> from, List<Mail> to, int most)
    {
        while (to.Count < most && from.TryDequeue(out var mail))
        {
            to.Add(mail);
        }
    }

    private void Delivered(Mail mail)
    {
        if (closed is { } reason)
        {
            mail.Fail(reason);
        }

        arrived.Set();
    }
}
