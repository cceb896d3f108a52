namespace Nitro.SignerApi;

/// <summary>
/// A signer that is silent about a request for long, or has answered something that is no answer, is asked again: it may have lost it. While
/// the stage's gate is held.
/// </summary>
/// <param name="patience">How long a signer may be silent, by how often it was reminded.</param>
internal sealed class SilenceWatch(Func<int, TimeSpan> patience)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private TimeSpan _next;

    /// <summary>Which copies are to be given once more, and to whom.</summary>
    /// <param name="pending">All requests on the stage.</param>
    /// <param name="now">By the stage's clock.</param>
    public IReadOnlyList<(string Attachment, StagedRequest Request)> Overdue(IEnumerable<StagedRequest> pending, TimeSpan now)
    {
        if (now < _next)
        {
            return [];
        }

        var overdue = new List<(string, StagedRequest)>();
        _next = now + Pause;
        foreach (var request in pending.OrderBy(request => request.Id))
        {
            var bearable = patience(request.Reminders);
            var silent = request.Copies.Where(copy => !copy.Value.IsRetried && !copy.Value.IsAnswered).ToList();
            var late = silent.Where(copy => now - copy.Value.Given >= bearable).ToList();
            if (late.Count > 0)
            {
                request.Reminders++;
                overdue.AddRange(late.Select(copy => (copy.Key, request)));
            }
        }

        return overdue;
    }
}
