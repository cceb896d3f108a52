namespace Nitro.Shell.Tests.Ethereum;

/// <summary>Finds the repository's folders from where the tests run.</summary>
internal static class Repository
{
    public static string DevnetFolder => Path.Combine(Root, "tests", "devnet");

    /// <summary>The folder that holds <c>nitro/20-chain-scenarios.json</c> and its siblings, if it exists.</summary>
    public static string VectorsFolder => Environment.GetEnvironmentVariable("NITRO_VECTORS") is { Length: > 0 } given
        ? given
        : Path.Combine(Root, "tests", "vectors");

    public static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Nitro.sln"))
                && !File.Exists(Path.Combine(folder.FullName, "Directory.Build.props")))
            {
                folder = folder.Parent;
            }

            return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }
    }
}
