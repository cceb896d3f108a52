using System.Diagnostics;

namespace Nitro.Host;

/// <summary>The steps of a tenant's loop and lanes, for whoever traces: <c>append</c>, <c>release</c>, <c>submit</c>.</summary>
internal static class Tracing
{
    internal static readonly ActivitySource Source = new("Nitro.Host");
}
