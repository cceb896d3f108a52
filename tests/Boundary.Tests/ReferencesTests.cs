using System.Reflection;
using Xunit;

namespace Nitro.Boundary.Tests;

/// <summary>The core needs nothing but the framework; the signer's part of it needs nothing of the node.</summary>
public sealed class ReferencesTests
{
    private static readonly string Framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    [Fact]
    public void TheSignersCoreRestsOnFSharpCoreAndTheFramework() =>
        Assert.Empty(Foreign(CoreAssemblies.Signer, "FSharp.Core"));

    [Fact]
    public void TheNodesCoreRestsOnTheSignersCoreBesides() =>
        Assert.Empty(Foreign(CoreAssemblies.Node, "FSharp.Core", "Nitro.SignerCore"));

    [Fact]
    public void NeitherReachesTheWorld()
    {
        string[] world = ["System.Net", "System.IO.Pipes", "System.Diagnostics.Process", "System.Console", "System.Data", "System.Security.Cryptography"];
        var found = from assembly in CoreAssemblies.All
                    from reference in assembly.GetReferencedAssemblies()
                    where world.Any(name => reference.Name!.StartsWith(name, StringComparison.Ordinal))
                    select $"{assembly.GetName().Name} references {reference.Name}";
        Assert.Empty(found);
    }

    private static IEnumerable<string> Foreign(Assembly assembly, params string[] allowed) =>
        from reference in assembly.GetReferencedAssemblies()
        where !allowed.Contains(reference.Name) && !File.Exists(Path.Combine(Framework, reference.Name + ".dll"))
        select reference.Name;
}
