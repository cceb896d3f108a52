namespace Nitro.Host.Link;

/// <summary>What is to happen to one frame.</summary>
internal readonly record struct LinkFate(bool IsLost, bool IsAnswerLost, bool IsRepeated, bool IsHeldBack, TimeSpan Delay)
{
    /// <summary>Always five throws, so that one chance does not move the others' dice.</summary>
    internal static LinkFate Throw(Random dice, LinkFaults faults)
    {
        var throws = (dice.NextDouble(), dice.NextDouble(), dice.NextDouble(), dice.NextDouble(), dice.NextDouble());
        return new LinkFate(
            throws.Item1 < faults.Lose,
            throws.Item2 < faults.LoseAnswer,
            throws.Item3 < faults.Repeat,
            throws.Item4 < faults.Reorder,
            faults.LongestDelay * throws.Item5);
    }
}
