namespace Nitro.Cli.Node;

/// <summary>What a node does with its standard streams.</summary>
/// <param name="Serve">Serves the API on them.</param>
/// <param name="Tenant">Whose API, or null for the only tenant's.</param>
/// <param name="EndWithInput">Ends when the input does.</param>
internal sealed record NodeStreams(bool Serve, string? Tenant, bool EndWithInput);
