using Microsoft.Data.Sqlite;
using Nitro.Journal;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

public sealed class SqliteOpeningTests : IDisposable
{
    private readonly JournalFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_second_opener_is_refused_while_the_first_lives()
    {
        await using (await folder.OpenAsync())
        {
            var refusal = await RefusedAsync(folder.Options());
            Assert.Contains(folder.File() + ".lock", refusal.Message, StringComparison.Ordinal);
        }

        await using var after = await folder.OpenAsync();
        Assert.Equal(0, after.Next);
    }

    [Fact]
    public async Task A_second_process_is_refused_while_the_first_lives_and_let_in_once_it_is_killed()
    {
        using var first = JournalProcess.Start(folder.File(), "0xowner", seed: 1);
        await first.ReadUntilAsync(acknowledgements: 3);
        var refusal = await RefusedAsync(folder.Options());
        Assert.Contains(folder.File(), refusal.Message, StringComparison.Ordinal);
        await first.KillAsync();
        await using (await folder.OpenAsync())
        {
            using var second = JournalProcess.Start(folder.File(), "0xowner", seed: 2);
            Assert.Equal(1, await second.ExitAsync());
        }
    }

    [Fact]
    public async Task Another_owners_journal_is_refused_and_left_alone()
    {
        await using (var journal = await folder.OpenAsync())
        {
            await Samples.Appended(journal, 0, Samples.Make(2), 2);
        }

        var refusal = await RefusedAsync(folder.Options(owner: "0xother"));
        Assert.Contains("0xowner", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("0xother", refusal.Message, StringComparison.Ordinal);
        await using var again = await folder.OpenAsync();
        Assert.Equal(2, again.Next);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await (await folder.OpenAsync()).DisposeAsync();
        await folder.MeddleAsync("UPDATE meta SET value = '2' WHERE key = 'schema'");
        await RefusedAsync(folder.Options());
    }

    [Fact]
    public async Task Files_that_are_no_journal_are_refused()
    {
        await File.WriteAllTextAsync(folder.File("text.db"), string.Concat(Enumerable.Repeat("not a database at all. ", 400)));
        await RefusedAsync(folder.Options("text.db"));
        await folder.MeddleAsync("CREATE TABLE stranger(x)");
        await RefusedAsync(folder.Options());
        Directory.CreateDirectory(folder.File("folder.db"));
        await RefusedAsync(folder.Options("folder.db"));
        await RefusedAsync(folder.Options(Path.Combine("text.db", "below.db")));
    }

    [Fact]
    public async Task A_journal_whose_earlier_epochs_were_deleted_goes_on_from_the_one_in_force()
    {
        await using (var journal = await folder.OpenAsync())
        {
            await Samples.Appended(journal, 0, Samples.Make(5), 5);
            await journal.OpenEpochAsync(5, Samples.Make(3), default);
        }

        await folder.MeddleAsync("DELETE FROM record WHERE position < (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'epoch')");
        await using var reopened = await folder.OpenAsync();
        Assert.Equal((8, 5), (reopened.Next, reopened.EpochStart));
        Assert.Equal([5L, 6, 7], (await Samples.Read(reopened, reopened.EpochStart)).Select(record => record.Position));
        await Samples.Appended(reopened, 8, Samples.Make(1), 9);
    }

    [Theory]
    [InlineData("3")]
    [InlineData("-1")]
    [InlineData("soon")]
    public async Task A_journal_whose_epoch_begins_nowhere_is_refused(string start)
    {
        await using (var journal = await folder.OpenAsync())
        {
            await Samples.Appended(journal, 0, Samples.Make(3), 3);
        }

        await folder.MeddleAsync($"INSERT INTO meta VALUES ('epoch', '{start}')");
        var refusal = await RefusedAsync(folder.Options());
        Assert.Contains(start, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_folders_are_made()
    {
        await using var journal = await folder.OpenAsync(Path.Combine("deep", "er", "journal.db"));
        await Samples.Appended(journal, 0, Samples.Make(1), 1);
        Assert.True(File.Exists(folder.File(Path.Combine("deep", "er", "journal.db"))));
    }

    [Fact]
    public async Task Tools_can_read_the_file_while_the_node_runs()
    {
        await using var journal = await folder.OpenAsync();
        await Samples.Appended(journal, 0, Samples.Make(2), 2);
        await using var tool = new SqliteConnection($"Data Source={folder.File()};Mode=ReadOnly;Pooling=False");
        await tool.OpenAsync();
        await using var command = tool.CreateCommand();
        command.CommandText = "SELECT count(*) FROM record";
        Assert.Equal(2L, await command.ExecuteScalarAsync());
        await Samples.Appended(journal, 2, Samples.Make(1), 3);
    }

    [Fact]
    public async Task A_cancelled_opening_leaves_nothing_locked()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => SqliteJournal.OpenAsync(folder.Options(), new CancellationToken(canceled: true)));
        await (await folder.OpenAsync()).DisposeAsync();
    }

    private static async Task<JournalException> RefusedAsync(SqliteJournalOptions options)
    {
        var refusal = await Assert.ThrowsAsync<JournalException>(() => SqliteJournal.OpenAsync(options, default));
        Assert.Equal(JournalFailure.Permanent, refusal.Failure);
        return refusal;
    }
}
