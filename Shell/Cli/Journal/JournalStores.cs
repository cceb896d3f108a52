using Nitro.EventStore;
using Nitro.EventStore.Connection;
using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>
/// From a connection text to a store: <c>sqlite:PATH</c>, a plain path to a SQLite journal or a journal file, or <c>esdb://...#ADDRESS</c>, where
/// the address says whose stream. The one place where a scheme is chosen.
/// </summary>
internal static class JournalStores
{
    private const string Sqlite = "sqlite:";

    /// <summary>How long a tool tries again while no server answers it.</summary>
    private static readonly TimeSpan RetryFor = TimeSpan.FromSeconds(10);

    /// <summary>Opens a journal to read. Takes no lock, and is in no node's way.</summary>
    /// <exception cref="JournalException">It is not there, or is none.</exception>
    /// <exception cref="CliError">The scheme is not known.</exception>
    public static async Task<IJournalSource> OpenAsync(string store, CancellationToken cancellationToken)
    {
        if (EventStoreSettings.IsConnectionString(store))
        {
            return new EventStoreSource(await EventStoreJournalReader.OpenAsync(EventStore(store, null), cancellationToken));
        }

        if (store == "")
        {
            throw new CliError("No store is named: the name is empty.");
        }

        if (TryPath(store, out var path))
        {
            return new SqliteSource(SqliteJournalReader.Open(path));
        }

        return IsFile(store)
            ? new FileSource(await JournalFile.OpenAsync(store, cancellationToken))
            : new SqliteSource(SqliteJournalReader.Open(store));
    }

    /// <summary>A new store, to be filled with a journal of that owner from that position on.</summary>
    /// <exception cref="JournalException">It cannot be made.</exception>
    /// <exception cref="CliError">There is one, or the scheme is not known.</exception>
    public static Task<IJournalTarget> CreateAsync(string store, string owner, long first, CancellationToken cancellationToken) =>
        EventStoreSettings.IsConnectionString(store)
            ? EventStoreTarget.CreateAsync(EventStore(store, owner), first, cancellationToken)
            : SqliteTarget.CreateAsync(TryPath(store, out var path) ? path : store, owner, first, cancellationToken);

    /// <summary>Removes a store without a single record, as a node leaves it that has lost its own and found that it has a replica.</summary>
    /// <exception cref="JournalException">A node has it open, or it cannot be opened.</exception>
    /// <exception cref="CliError">The scheme is not known.</exception>
    public static async Task RemoveEmptyAsync(string store, CancellationToken cancellationToken)
    {
        if (EventStoreSettings.IsConnectionString(store))
        {
            return; // A stream without a record is not there.
        }

        var path = TryPath(store, out var named) ? named : store;
        if (!File.Exists(path))
        {
            return;
        }

        await using (var empty = new SqliteSource(SqliteJournalReader.Open(path)))
        {
            await using var held = await empty.HoldAsync(cancellationToken);
            if (await empty.RefreshAsync(cancellationToken) > 0)
            {
                return;
            }
        }

        SqliteTarget.Remove(path);
    }

    /// <summary>Opens a store to take its earlier epochs out.</summary>
    /// <exception cref="JournalException">A node has it open where it must not, or it cannot be opened.</exception>
    /// <exception cref="CliError">The scheme is not known.</exception>
    public static async Task<IJournalCompaction> CompactAsync(string store, CancellationToken cancellationToken)
    {
        if (EventStoreSettings.IsConnectionString(store))
        {
            return await EventStoreCompaction.OpenAsync(EventStore(store, null), cancellationToken);
        }

        if (TryPath(store, out var path))
        {
            return SqliteCompaction.Open(path);
        }

        return IsFile(store) ? throw new CliError($"{store} is a file to read from, and no store: there is nothing to compact in it.") : SqliteCompaction.Open(store);
    }

    /// <summary>A connection string that names no stream, with the address that does.</summary>
    public static string WithOwner(string store, Func<string> owner) =>
        EventStoreSettings.IsConnectionString(store) && !store.Contains('#', StringComparison.Ordinal) ? $"{store}#{owner()}" : store;

    /// <summary>What it names. Nothing that it says of itself is repeated: it may have a password.</summary>
    private static EventStoreJournalOptions EventStore(string store, string? owner)
    {
        var mark = store.LastIndexOf('#');
        var (connection, named) = mark < 0 ? (store, null) : (store[..mark], store[(mark + 1)..].ToLowerInvariant());
        if (named is { Length: 0 } || named?.All(char.IsAsciiLetterOrDigit) == false)
        {
            throw new CliError("Behind the # of a connection string stands whose journal it is: the node's channel address, 0x and 40 hexadecimal characters. Percent-encode a # that means something else.");
        }

        if (owner is not null && named is not null && !named.Equals(owner, StringComparison.OrdinalIgnoreCase))
        {
            throw new CliError($"What is to be copied is {owner}'s journal, and the store is named as {named}'s. Leave the address out.");
        }

        try
        {
            return new EventStoreJournalOptions
            {
                Settings = EventStoreSettings.Parse(connection),
                Owner = owner ?? named ?? throw new CliError(
                    "Whose journal? A server keeps those of many nodes: put # and the node's channel address behind the connection string, or name the node's configuration with --config nitro.json."),
                RetryFor = RetryFor,
            };
        }
        catch (FormatException e)
        {
            throw new CliError(e.Message, e);
        }
    }

    /// <exception cref="CliError">It cannot be read.</exception>
    private static bool IsFile(string path)
    {
        try
        {
            return File.Exists(path) && JournalFile.IsOne(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliError($"The journal {path} cannot be read: {e.Message.TrimEnd('.')}. Check its rights.", e);
        }
    }

    /// <summary>The path of a SQLite store that is named as such; false for a plain path.</summary>
    /// <exception cref="CliError">The scheme is not known.</exception>
    private static bool TryPath(string store, out string path)
    {
        path = store.StartsWith(Sqlite, StringComparison.Ordinal) ? store[Sqlite.Length..] : string.Empty;
        return path.Length > 0 || (store.Contains("://", StringComparison.Ordinal)
            ? throw new CliError($"No store is called '{store.Split("://")[0]}'. Give sqlite:PATH, a path, or esdb://...#ADDRESS.")
            : false);
    }
}
