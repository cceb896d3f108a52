using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>
/// From a connection text to a store: <c>sqlite:PATH</c>, or a plain path to a SQLite journal or a journal file. The one place where a
/// scheme is chosen.
/// </summary>
internal static class JournalStores
{
    private const string Sqlite = "sqlite:";

    /// <summary>Opens a journal to read.</summary>
    /// <exception cref="JournalException">It is not there, or is none.</exception>
    /// <exception cref="CliError">The scheme is not known.</exception>
    public static async Task<IJournalSource> OpenAsync(string store, CancellationToken cancellationToken)
    {
        if (TryPath(store, out var path))
        {
            return new SqliteSource(SqliteJournalReader.Open(path));
        }

        try
        {
            return File.Exists(store) && JournalFile.IsOne(store)
                ? new FileSource(await JournalFile.OpenAsync(store, cancellationToken))
                : new SqliteSource(SqliteJournalReader.Open(store));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliError($"The journal {store} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A new store, to be filled with a journal of that owner from that position on.</summary>
    /// <exception cref="JournalException">It cannot be made.</exception>
    /// <exception cref="CliError">There is one, or the scheme is not known.</exception>
    public static Task<IJournalTarget> CreateAsync(string store, string owner, long first, CancellationToken cancellationToken) =>
        SqliteTarget.CreateAsync(TryPath(store, out var path) ? path : store, owner, first, cancellationToken);

    /// <summary>Removes a store without a single record, as a node leaves it that has lost its own and found that it has a replica.</summary>
    /// <exception cref="JournalException">A node has it open, or it cannot be opened.</exception>
    /// <exception cref="CliError">The scheme is not known.</exception>
    public static async Task RemoveEmptyAsync(string store, CancellationToken cancellationToken)
    {
        var path = TryPath(store, out var named) ? named : store;
        if (File.Exists(path) && await HoldAsync(store, cancellationToken) is { } held)
        {
            await using (held)
            {
                using var reader = SqliteJournalReader.Open(path);
                if (reader.Head > 0)
                {
                    return;
                }
            }

            SqliteTarget.Remove(path);
        }
    }

    /// <summary>Opens a store to take its earlier epochs out.</summary>
    /// <exception cref="JournalException">A node has it open, or it cannot be opened.</exception>
    /// <exception cref="CliError">The scheme is not known.</exception>
    public static SqliteCompaction Compact(string store) => SqliteCompaction.Open(TryPath(store, out var path) ? path : store);

    /// <summary>Keeps every node from writing to a store as long as it is held; null for a file, which nobody writes to.</summary>
    /// <exception cref="JournalException">A node has it open, or it cannot be opened.</exception>
    /// <exception cref="CliError">The scheme is not known.</exception>
    public static async Task<IAsyncDisposable?> HoldAsync(string store, CancellationToken cancellationToken)
    {
        if (!TryPath(store, out var path))
        {
            path = store;
            if (File.Exists(path) && JournalFile.IsOne(path))
            {
                return null;
            }
        }

        string owner;
        using (var reader = SqliteJournalReader.Open(path))
        {
            owner = reader.Owner;
        }

        return await SqliteJournal.OpenAsync(new SqliteJournalOptions { Path = path, Owner = owner }, cancellationToken);
    }

    /// <summary>The path of a SQLite store that is named as such; false for a plain path.</summary>
    /// <exception cref="CliError">The scheme is not known.</exception>
    private static bool TryPath(string store, out string path)
    {
        path = store.StartsWith(Sqlite, StringComparison.Ordinal) ? store[Sqlite.Length..] : string.Empty;
        return path.Length > 0 || (store.Contains("://", StringComparison.Ordinal)
            ? throw new CliError($"No store is called '{store.Split("://")[0]}'. Give sqlite:PATH, or a path; what stands on a server is read with that server's own tools.")
            : false);
    }
}
