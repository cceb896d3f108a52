namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>Waits for what has no notice of its own, by asking again and again.</summary>
internal static class Wait
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(30);

    /// <summary>Until it is so, or the token ends it.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        using var tick = new PeriodicTimer(Poll);
        while (!await condition())
        {
            await tick.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <summary>Until it is so, or the token ends it.</summary>
    public static Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken) =>
        UntilAsync(() => Task.FromResult(condition()), cancellationToken);
}
