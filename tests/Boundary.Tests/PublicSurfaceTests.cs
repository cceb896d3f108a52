using Xunit;

namespace Nitro.Boundary.Tests;

/// <summary>What other code may rely on changes only on purpose.</summary>
public sealed class PublicSurfaceTests
{
    private const string AcceptVariable = "NITRO_ACCEPT_SURFACE";

    private static readonly string Golden = Path.Combine(Repository.Root, "tests", "Boundary.Tests", "golden", "public-surface.txt");

    [Fact]
    public void ThePublicSurfaceIsTheGoldenOne()
    {
        var found = SurfaceText.Of(CoreAssemblies.All);
        if (Environment.GetEnvironmentVariable(AcceptVariable) == "1")
        {
            File.WriteAllText(Golden, found);
        }

        var wanted = File.Exists(Golden) ? File.ReadAllText(Golden) : "";
        Assert.True(wanted == found, $"""
            The public surface of the core has changed.
            {Difference(wanted, found)}
            Everything that embeds the node sees this. If the change is meant, accept it with
              {AcceptVariable}=1 dotnet test tests/Boundary.Tests
            and commit {Path.GetRelativePath(Repository.Root, Golden)} together with it.
            """);
    }

    private static string Difference(string wanted, string found)
    {
        var (before, after) = (wanted.Split('\n'), found.Split('\n'));
        return string.Join('\n', [
            .. before.Except(after).Select(line => "- " + line.Trim()),
            .. after.Except(before).Select(line => "+ " + line.Trim())]);
    }
}
