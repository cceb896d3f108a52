using System.Diagnostics;
using System.Threading.Channels;

namespace Nitro.Signing;

/// <summary>
/// What the policy does not allow yet, in order: judged again after a while and with whatever else comes. Whoever still wants it asks again
/// by itself too, so what nobody asks for any more is let go.
/// </summary>
internal sealed class PostponedRequests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly Dictionary<long, (DeskRequest Request, long Since)> waiting = [];

    /// <summary>Keeps one; true where it was not kept before.</summary>
    internal bool Add(DeskRequest request)
    {
        if (!waiting.TryGetValue(request.EffectId, out var known))
        {
            waiting[request.EffectId] = (request, Stopwatch.GetTimestamp());
            return true;
        }

        if (Stopwatch.GetElapsedTime(known.Since) > Patience)
        {
            waiting.Remove(request.EffectId);
        }

        return false;
    }

    /// <summary>Until something new comes, or what waits is due. False once nothing can come any more.</summary>
    internal async ValueTask<bool> WaitAsync(ChannelReader<DeskRequest> fresh, TimeSpan delay, CancellationToken cancellationToken)
    {
        if (waiting.Count == 0)
        {
            return await fresh.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
        }

        using var due = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        due.CancelAfter(delay);
        try
        {
            return await fresh.WaitToReadAsync(due.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    /// <summary>All of it, oldest first. What is still not allowed is added again.</summary>
    internal void Take(List<DeskRequest> batch) => batch.AddRange(waiting.Values.OrderBy(each => each.Since).Select(each => each.Request));

    /// <summary>It has a final answer.</summary>
    internal void Remove(long effectId) => waiting.Remove(effectId);
}
