namespace Nitro.Cli.Demo;

/// <summary>Something that goes wrong on purpose while payments are made.</summary>
/// <param name="What">For whoever watches.</param>
/// <param name="From">It begins when so many payments are answered.</param>
/// <param name="Until">Payments from this number on are made when it is over.</param>
/// <param name="HappenAsync">Makes it happen, and mends it.</param>
internal sealed record Incident(string What, int From, int Until, Func<CancellationToken, Task> HappenAsync);
