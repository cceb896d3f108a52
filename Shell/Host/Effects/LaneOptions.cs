namespace Nitro.Host.Effects;

/// <summary>Waits and sizes of the lanes.</summary>
internal sealed record LaneOptions
{
    /// <summary>The first wait after a failure; it doubles up to <see cref="LongestWait"/>, each time with jitter.</summary>
    public TimeSpan ShortestWait { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a peer may take to answer a frame before it counts as unreachable.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a signer may be silent before it is asked again for the same.</summary>
    public TimeSpan SignPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most requests handed to a signer at once.</summary>
    public int SignBatch { get; init; } = 1024;
}
