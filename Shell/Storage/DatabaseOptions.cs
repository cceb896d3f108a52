namespace Nitro.Storage;

/// <summary>Which database file is opened, and how messages speak of it.</summary>
public sealed record DatabaseOptions
{
    /// <summary>The path that is no file: a database that lives as long as its connection.</summary>
    public const string InMemory = ":memory:";

    /// <summary>What it is, as a message begins: "The journal".</summary>
    public required string Title { get; init; }

    /// <summary>The file; made, with its folder, when absent. Beside it: <c>-wal</c> and, unless exclusive, <c>-shm</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Keeps every other connection out, readers too, from the opening to the end of this one.</summary>
    public bool IsExclusive { get; init; }

    /// <summary>What the operator does about another process that has it open.</summary>
    public required string IfInUse { get; init; }

    /// <summary>How long to wait for another connection that has the database busy; SQLite's driver waits a second at least.</summary>
    public TimeSpan BusyTimeout { get; init; }

    /// <summary>Bytes (in whole pages of 4 KiB) beyond which the file may not grow, as if the disk were full; 0 for none.</summary>
    public long MaximumBytes { get; init; }

    internal StorageException Refused(string cause, string next, Exception? inner = null) =>
        new($"{Title} {Path} cannot be opened: {cause}. {next}", inner);
}
