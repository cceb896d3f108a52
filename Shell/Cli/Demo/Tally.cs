using System.Text.Json;

namespace Nitro.Cli.Demo;

/// <summary>The three nodes' counts together, since their process started; <c>Records</c> since the journals began.</summary>
internal sealed record Tally(long Records, long Fsyncs, long Messages, long Signatures)
{
    /// <summary>Nothing.</summary>
    public static Tally Zero { get; } = new(0, 0, 0, 0);

    /// <summary>Asks each node.</summary>
    public static async Task<Tally> ReadAsync(IEnumerable<Party> parties, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(parties.Select(party => party.CallAsync("get_node_statistics", null, null, cancellationToken)));
        return answers.Aggregate(Zero, (sum, answer) => sum.With(answer));
    }

    /// <summary>What two processes did one after the other on the same journals.</summary>
    public Tally Then(Tally next) => new(next.Records, Fsyncs + next.Fsyncs, Messages + next.Messages, Signatures + next.Signatures);

    /// <summary>What was done since <paramref name="earlier"/>.</summary>
    public Tally Since(Tally earlier) =>
        new(Records - earlier.Records, Fsyncs - earlier.Fsyncs, Messages - earlier.Messages, Signatures - earlier.Signatures);

    private Tally With(JsonElement statistics)
    {
        var journal = statistics.GetProperty("journal");
        return new(
            Records + Count(journal, "position"),
            Fsyncs + Count(journal, "commits"),
            Messages + Count(statistics, "messagesSent"),
            Signatures + Count(statistics, "signatures"));
    }

    private static long Count(JsonElement item, string name) => item.GetProperty(name).GetInt64();
}
