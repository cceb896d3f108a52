namespace Nitro.Boundary.Tests;

/// <summary>An effect as a host sees it: its kind, its id and the effect itself.</summary>
internal sealed record SeenEffect(string Kind, long Id, object Body);
