using System.Xml.Linq;
using Xunit;

namespace Nitro.Boundary.Tests;

/// <summary>Bugs are planted in copies of the sources (property-tests/Mutants): nothing of them is in what is shipped.</summary>
public sealed class ShippedAssembliesTests
{
    public static TheoryData<string> Shipped()
    {
        var shell = Directory.EnumerateFiles(Path.Combine(Repository.Root, "Shell"), "*.csproj", SearchOption.AllDirectories);
        var core = Directory.EnumerateFiles(Path.Combine(Repository.Root, "Core"), "*.fsproj").Append(Path.Combine(Repository.Root, "Core.fsproj"));
        // The command line ships the simulator, too.
        var simulator = Path.Combine(Repository.Root, "property-tests", "Simulation", "Simulation.fsproj");
        return new(core.Concat(shell).Append(simulator).Select(AssemblyName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Shipped))]
    public void HoldsNoPlantedBug(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, name + ".dll");
        Assert.True(File.Exists(path), $"{name} is not beside this test: let its project refer to it");
        Assert.Empty(Traces.In(path));
    }

    [Fact]
    public void TheSearchFindsOneWhereOneIs() =>
        Assert.Contains("defines Nitro.Mutant", Traces.In(typeof(Mutant).Assembly.Location));

    private static string AssemblyName(string project) =>
        XDocument.Load(project).Descendants("AssemblyName").Select(name => name.Value).FirstOrDefault() ?? Path.GetFileNameWithoutExtension(project);
}
