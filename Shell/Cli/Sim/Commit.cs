using System.Reflection;

namespace Nitro.Cli.Sim;

/// <summary>The sources that this program was built from.</summary>
internal static class Commit
{
    private const int Shown = 12;

    /// <summary>The first digits of the commit; <c>unknown</c> where the build did not know it.</summary>
    public static string Current()
    {
        var version = typeof(Commit).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? string.Empty;
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? "unknown" : version[(plus + 1)..Math.Min(version.Length, plus + 1 + Shown)];
    }
}
