namespace Nitro.Cli.Journal;

/// <summary>Which records a reader wants: those about a channel, an objective or a request. Ids may be given by their beginning.</summary>
internal sealed record Filter(string? Channel, string? Objective, string? Request)
{
    /// <summary>Whether the record is wanted.</summary>
    public bool Takes(HistoryRecord record) =>
        (Channel is null || Any(record.Channels, Channel))
        && (Objective is null || Any(record.Objectives, Objective))
        && (Request is null || Any(record.Requests, Request));

    private static bool Any(IReadOnlyList<string> ids, string wanted)
    {
        var beginning = wanted.TrimEnd('…');
        return ids.Any(id => id.StartsWith(beginning, StringComparison.OrdinalIgnoreCase));
    }
}
