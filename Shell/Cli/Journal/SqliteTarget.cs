using Nitro.Journal;
using Nitro.Ports;
using Nitro.Storage;

namespace Nitro.Cli.Journal;

/// <summary>A SQLite journal that gets its name once it is whole: a node can never start on half of one.</summary>
internal sealed class SqliteTarget : IJournalTarget
{
    private static readonly string[] Suffixes = [string.Empty, "-wal", "-shm"];
    private readonly string path;
    private readonly string draft;
    private readonly SqliteJournal journal;
    private bool isClosed;

    private SqliteTarget(string path, string draft, SqliteJournal journal) => (this.path, this.draft, this.journal) = (path, draft, journal);

    public string Title => path;

    public IJournal Journal => journal;

    /// <summary>Makes it; what an earlier attempt left behind is thrown away.</summary>
    /// <exception cref="CliError">There is a file of that name.</exception>
    /// <exception cref="JournalException">It cannot be made, or another process fills it.</exception>
    public static async Task<IJournalTarget> CreateAsync(string path, string owner, long first, CancellationToken cancellationToken)
    {
        if (path == "")
        {
            throw new CliError("No store is named: the name is empty.");
        }

        var full = Path.GetFullPath(path);
        if (Path.Exists(full))
        {
            throw new CliError($"{full} is there already. Name a store that is not there yet; for a restore move it aside first, with its -wal and -shm.");
        }

        var draft = full + ".importing";
        using (FileLock.TryTake(draft + ".lock") ?? throw new CliError($"{draft} is being filled by another process. Wait for it, or end it."))
        {
            Remove(draft);
        }

        return new SqliteTarget(
            full,
            draft,
            await SqliteJournal.OpenAsync(new SqliteJournalOptions { Path = draft, Owner = owner, FirstPosition = first }, cancellationToken));
    }

    /// <summary>Removes a database and what belongs to it; nobody must have it open.</summary>
    public static void Remove(string path)
    {
        foreach (var suffix in Suffixes)
        {
            File.Delete(path + suffix);
        }
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync(); // The last connection puts the write-ahead log into the file.
        File.Move(draft, path);
        File.Delete(draft + ".lock");
    }

    public async ValueTask DisposeAsync()
    {
        if (!isClosed)
        {
            isClosed = true;
            await journal.DisposeAsync();
        }
    }
}
