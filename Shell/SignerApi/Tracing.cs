using System.Diagnostics;

namespace Nitro.SignerApi;

/// <summary>The node's side of the stream of signing requests, for whoever traces: <c>deliver</c>, <c>hear</c>.</summary>
internal static class Tracing
{
    internal static readonly ActivitySource Source = new("Nitro.SignerApi");
}
