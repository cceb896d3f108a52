using System.Diagnostics;

namespace Nitro.Signing;

/// <summary>The steps from a request to its signature, for whoever traces: <c>judge</c>, <c>remember</c>, <c>anchor</c>, <c>sign</c>.</summary>
internal static class Tracing
{
    internal static readonly ActivitySource Source = new("Nitro.Signing");
}
