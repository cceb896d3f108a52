using System.Diagnostics;

namespace Nitro.Signer;

/// <summary>A signer process's side of the stream, for whoever traces: <c>receive</c>, <c>answer</c>.</summary>
internal static class Tracing
{
    internal static readonly ActivitySource Source = new("Nitro.Signer");
}
