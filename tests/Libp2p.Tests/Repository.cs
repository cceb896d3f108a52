namespace Nitro.Libp2p.Tests;

/// <summary>Where things stand in the source tree, found from the test's own folder.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The folder that holds <c>libp2p/noise-xx.json</c> and its neighbours.</summary>
    public static string Vectors =>
        Path.Combine(Environment.GetEnvironmentVariable("NITRO_VECTORS") ?? Path.Combine(Root, "tests", "vectors"), "libp2p");

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Build.props")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? AppContext.BaseDirectory;
    }
}
