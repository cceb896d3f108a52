using Nitro.Ports;
using Nitro.Shell.Tests.Worker;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

public sealed class SqliteDamageTests : IDisposable
{
    private readonly JournalFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("UPDATE record SET body = x'00' WHERE position = 3")]
    [InlineData("UPDATE record SET type = type || ' ' WHERE position = 3")]
    [InlineData("UPDATE record SET version = version + 1 WHERE position = 3")]
    [InlineData("UPDATE record SET version = version + 4294967296 WHERE position = 3")]
    [InlineData("UPDATE record SET at = at - 1 WHERE position = 3")]
    [InlineData("UPDATE record SET checksum = checksum + 1 WHERE position = 3")]
    [InlineData("DELETE FROM record WHERE position = 3")]
    [InlineData("DELETE FROM record WHERE position BETWEEN 3 AND 6")]
    public async Task A_damaged_or_missing_record_is_named_and_never_passed_over(string damage)
    {
        await using (var journal = await folder.OpenAsync())
        {
            await Samples.Appended(journal, 0, Samples.Make(10), 10);
        }

        await folder.MeddleAsync(damage);
        await using var reopened = await folder.OpenAsync();
        var (seen, failure) = await ReadAsync(reopened, 0);
        Assert.Equal(3, seen.Count);
        Assert.Equal(JournalFailure.Permanent, failure!.Failure);
        Assert.StartsWith("Record 3 ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(folder.File(), failure.Message, StringComparison.Ordinal);
        Assert.Null((await ReadAsync(reopened, 7)).Failure);
    }

    [Fact]
    public async Task Records_that_changed_places_are_found()
    {
        await using (var journal = await folder.OpenAsync())
        {
            await Samples.Appended(journal, 0, Samples.Make(4), 4);
        }

        await folder.MeddleAsync(
            "UPDATE record SET position = 99 WHERE position = 1; UPDATE record SET position = 1 WHERE position = 2; "
            + "UPDATE record SET position = 2 WHERE position = 99");
        await using var reopened = await folder.OpenAsync();
        Assert.Single((await ReadAsync(reopened, 0)).Seen);
    }

    [Fact]
    public async Task A_retry_is_not_judged_by_a_damaged_record()
    {
        var entries = Samples.Make(5);
        await using (var journal = await folder.OpenAsync())
        {
            await Samples.Appended(journal, 0, entries, 5);
        }

        await folder.MeddleAsync("UPDATE record SET body = x'00' WHERE position = 3");
        await using var reopened = await folder.OpenAsync();
        await Assert.ThrowsAsync<JournalException>(() => Samples.Append(reopened, 0, entries));
    }

    [Fact]
    public async Task Durable_records_that_vanish_stop_the_writer()
    {
        await using var journal = await folder.OpenAsync();
        await Samples.Appended(journal, 0, Samples.Make(5), 5);
        await folder.MeddleAsync("DELETE FROM record WHERE position = 4");
        await Assert.ThrowsAsync<JournalException>(() => Samples.Append(journal, 4, Samples.One()));
        Assert.Equal(4, (await ReadAsync(journal, 0)).Seen.Count);
    }

    [Fact]
    public async Task A_flipped_bit_in_the_file_is_found_or_hits_nothing_that_is_read()
    {
        var entries = JournalAppender.Entries(0, 400); // The same bytes in each run, so that each flip hits the same thing.
        await using (var journal = await folder.OpenAsync("whole.db"))
        {
            await Samples.Appended(journal, 0, entries, 400);
        }

        var whole = await File.ReadAllBytesAsync(folder.File("whole.db"));
        var random = new Random(99);
        var found = 0;
        for (var i = 0; i < 300; i++)
        {
            var damaged = whole.ToArray();
            damaged[random.Next(100, damaged.Length)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(folder.File("damaged.db"), damaged);
            found += await CheckDamagedAsync(entries) ? 1 : 0;
            File.Delete(folder.File("damaged.db-wal"));
            File.Delete(folder.File("damaged.db-shm"));
        }

        Assert.InRange(found, 200, 300); // Records fill three quarters of this file.
    }

    private async Task<bool> CheckDamagedAsync(JournalEntry[] entries)
    {
        try
        {
            await using var journal = await folder.OpenAsync("damaged.db");
            var (seen, failure) = await ReadAsync(journal, 0);
            Samples.Same(entries[..seen.Count], seen);
            Assert.True(failure is not null || seen.Count == entries.Length, "the end was lost without a word");
            return failure is not null;
        }
        catch (JournalException e)
        {
            Assert.Equal(JournalFailure.Permanent, e.Failure);
            return true;
        }
    }

    private static async Task<(List<JournalRecord> Seen, JournalException? Failure)> ReadAsync(IJournal journal, long from)
    {
        var seen = new List<JournalRecord>();
        try
        {
            await foreach (var record in journal.ReadAsync(from, default))
            {
                seen.Add(record);
            }

            return (seen, null);
        }
        catch (JournalException e)
        {
            return (seen, e);
        }
    }
}
