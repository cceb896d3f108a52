namespace Nitro.Host.Options;

/// <summary>What the texts that name a store mean.</summary>
internal static class JournalPlaces
{
    private const string Sqlite = "sqlite:";

    /// <summary>The folder that <c>sqlite:FOLDER</c> names; null for another text.</summary>
    internal static string? FolderOf(string store) =>
        store.StartsWith(Sqlite, StringComparison.Ordinal) && store.Length > Sqlite.Length ? store[Sqlite.Length..] : null;

    /// <summary>The file of a tenant's journal there: tenants share the folder, and names are theirs alone.</summary>
    internal static string FileIn(string folder, string tenant) => Path.Combine(folder, tenant + ".db");
}
