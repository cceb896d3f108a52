using Microsoft.Data.Sqlite;
using Nitro.Journal;

namespace Nitro.Shell.Tests.Journal;

/// <summary>A folder of its own for a test's journals, and a way to meddle with them behind their back.</summary>
internal sealed class JournalFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-journal-");

    internal string File(string name = "journal.db") => Path.Combine(folder.FullName, name);

    internal SqliteJournalOptions Options(string name = "journal.db", string owner = "0xowner", long maximumBytes = 0) =>
        new() { Path = File(name), Owner = owner, MaximumBytes = maximumBytes };

    internal Task<SqliteJournal> OpenAsync(string name = "journal.db") => SqliteJournal.OpenAsync(Options(name), default);

    /// <summary>Runs a statement on the file, on a connection of its own.</summary>
    internal async Task MeddleAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={File()};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public void Dispose() => folder.Delete(recursive: true);
}
