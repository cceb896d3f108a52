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
        if (Suffixes.FirstOrDefault(suffix => Path.Exists(full + suffix)) is { } there)
        {
            // A write-ahead log that is left over would be taken for the new file's.
            throw new CliError($"{full}{there} is there already. Name a store that is not there yet; for a restore move it aside first, with its -wal and -shm.");
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
        var (next, epochStart) = (journal.Next, journal.EpochStart);
        await DisposeAsync(); // The last connection puts the write-ahead log into the file; where it cannot, it does not say so.
        if (File.Exists(draft + "-wal"))
        {
            throw new CliError($"{draft} is whole, but its write-ahead log could not be put into it: is the disk full? Make room, and give the command once more.");
        }

        DurableMove.Move(draft, path);
        File.Delete(draft + ".lock");
        using var made = SqliteJournalReader.Open(path);
        if ((made.Next, made.EpochStart) != (next, epochStart))
        {
            throw new CliError($"{path} has {made.Next} records now, and had {next} before it got its name. It is of no use: check the disk, and make another.");
        }
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
