namespace Nitro.Host.Link;

/// <summary>What an in-process network does to frames on purpose. Chances from 0 to 1; the same seed throws the same dice.</summary>
public sealed record LinkFaults
{
    /// <summary>Starts the dice.</summary>
    public int Seed { get; init; }

    /// <summary>The frame never arrives.</summary>
    public double Lose { get; init; }

    /// <summary>The frame arrives, its answer does not.</summary>
    public double LoseAnswer { get; init; }

    /// <summary>The frame arrives twice.</summary>
    public double Repeat { get; init; }

    /// <summary>The frame is held back and arrives after one that is sent later; its sender hears nothing.</summary>
    public double Reorder { get; init; }

    /// <summary>Each frame takes up to this long.</summary>
    public TimeSpan LongestDelay { get; init; }
}
