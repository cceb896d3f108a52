using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
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
        string[] world = ["System.Net", "System.IO.Pipes", "System.Diagnostics.Process", "System.Console", "System.Data"];
        var found = from assembly in CoreAssemblies.All
                    from reference in assembly.GetReferencedAssemblies()
                    where world.Any(name => reference.Name!.StartsWith(name, StringComparison.Ordinal))
                    select $"{assembly.GetName().Name} references {reference.Name}";
        Assert.Empty(found);
    }

    /// <summary>A hash is a pure function; keys and random numbers are not for the core.</summary>
    [Fact]
    public void OfCryptographyTheyUseAHashAlone() =>
        Assert.Equal(["SHA256"], CoreAssemblies.All.SelectMany(assembly => TypesUsed(assembly, "System.Security.Cryptography")).Distinct());

    private static IReadOnlyList<string> TypesUsed(Assembly assembly, string from)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var metadata = file.GetMetadataReader();
        var types = metadata.TypeReferences.Select(handle => metadata.GetTypeReference(handle));
        return [.. types.Where(type => metadata.GetString(type.Namespace) == from).Select(type => metadata.GetString(type.Name))];
    }

    private static IEnumerable<string> Foreign(Assembly assembly, params string[] allowed) =>
        from reference in assembly.GetReferencedAssemblies()
        where !allowed.Contains(reference.Name) && !File.Exists(Path.Combine(Framework, reference.Name + ".dll"))
        select reference.Name;
}
