using System.Reflection;
using Nitro.Signing;

namespace Nitro.Boundary.Tests;

/// <summary>The two assemblies that C# sees of the core.</summary>
internal static class CoreAssemblies
{
    public static Assembly Node { get; } = typeof(NitroCore).Assembly;

    public static Assembly Signer { get; } = typeof(SignerCore).Assembly;

    public static IReadOnlyList<Assembly> All { get; } = [Signer, Node];
}
