using Nitro.Ports;
using Nitro.Shell.Tests.Worker;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

public sealed class SqliteCrashTests : IDisposable
{
    private readonly JournalFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Killed_at_any_moment_every_acknowledged_append_is_there_and_every_append_is_whole()
    {
        var random = new Random(20);
        long acknowledged = 0;
        for (var round = 0; round < 12; round++)
        {
            using (var child = JournalProcess.Start(folder.File(), "0xowner", seed: round))
            {
                await child.ReadUntilAsync(random.Next(1, 400));
                await child.KillAsync();
                Assert.True(child.Acknowledged > acknowledged);
                acknowledged = child.Acknowledged;
            }

            await using var journal = await folder.OpenAsync();
            Assert.InRange(journal.Next, acknowledged, acknowledged + 12); // At most one append was under way.
            CheckWhole(await Samples.Read(journal));
        }
    }

    [Fact]
    public async Task Killed_while_epochs_open_each_opening_is_there_whole_and_in_force_or_not_at_all()
    {
        var random = new Random(21);
        var openings = 0;
        for (var round = 0; round < 8; round++)
        {
            long acknowledged;
            using (var child = JournalProcess.Start(folder.File(), "0xowner", seed: round, "journal-epochs"))
            {
                // Two in three are small: the kill mostly finds an opening under way.
                await child.ReadUntilAsync(random.Next(1, 9));
                await child.KillAsync();
                acknowledged = child.Acknowledged;
            }

            await using var journal = await folder.OpenAsync();
            Assert.InRange(journal.Next, acknowledged, acknowledged + JournalAppender.Opening);
            var records = await Samples.Read(journal);
            CheckWhole(records);
            var last = records.LastOrDefault(record => record.Version == JournalAppender.Opening && record.AtMicros == record.Position);
            Assert.Equal(last.Position, journal.EpochStart);
            openings = records.Count(record => record.Version == JournalAppender.Opening) / JournalAppender.Opening;
        }

        Assert.True(openings > 3, $"{openings} openings");
    }

    [Fact]
    public async Task On_a_full_disk_the_opening_of_an_epoch_leaves_the_old_one_in_force()
    {
        await using (var journal = await Nitro.Journal.SqliteJournal.OpenAsync(folder.Options(maximumBytes: 512 * 1024), default))
        {
            await Samples.Appended(journal, 0, JournalAppender.Entries(0, 11), 11);
            Assert.Equal(AppendOutcome.Appended, (await journal.OpenEpochAsync(11, JournalAppender.Entries(11, 5), default)).Outcome);
            var opening = journal.OpenEpochAsync(16, JournalAppender.Entries(16, JournalAppender.Opening), default).AsTask();
            Assert.Equal(JournalFailure.Unknown, await FailureAsync(opening));
        }

        await using var reopened = await folder.OpenAsync();
        Assert.Equal((16, 11), (reopened.Next, reopened.EpochStart));
        CheckWhole(await Samples.Read(reopened));
    }

    [Fact]
    public async Task On_a_full_disk_waiters_hear_that_the_outcome_is_unknown_and_whole_appends_remain()
    {
        var all = new List<JournalEntry>();
        var answers = new List<Task<AppendResult>>();
        await using (var journal = await Nitro.Journal.SqliteJournal.OpenAsync(folder.Options(maximumBytes: 256 * 1024), default))
        {
            while (answers.Count < 100)
            {
                var entries = JournalAppender.Entries(all.Count, 11);
                answers.Add(Samples.Append(journal, all.Count, entries));
                all.AddRange(entries);
                if (answers.Count == 20)
                {
                    await answers[19]; // So that some appends surely stand before the batch that fails.
                }
            }

            var done = await CountAppendedAsync(answers);
            Assert.InRange(done, 20, 99);
            Assert.Equal(JournalFailure.Unknown, await FailureAsync(answers[done]));
            Assert.Equal(JournalFailure.Permanent, await FailureAsync(Samples.Append(journal, journal.Next, Samples.One())));
            Assert.Equal(done * 11, journal.Next);
            CheckWhole(await Samples.Read(journal));
        }

        await using var reopened = await folder.OpenAsync();
        Assert.True(reopened.Next >= await CountAppendedAsync(answers) * 11);
        CheckWhole(await Samples.Read(reopened));
        await Samples.Holds(reopened, all[..(int)reopened.Next]);
        await Samples.Appended(reopened, reopened.Next, Samples.Make(1), reopened.Next + 1);
    }

    private static async Task<int> CountAppendedAsync(List<Task<AppendResult>> answers)
    {
        var done = 0;
        var failed = false;
        foreach (var answer in answers)
        {
            await Task.WhenAny(answer);
            Assert.False(failed && answer.IsCompletedSuccessfully, "an append succeeded after one that failed");
            failed |= !answer.IsCompletedSuccessfully;
            done += failed ? 0 : 1;
        }

        return done;
    }

    private static async Task<JournalFailure> FailureAsync(Task<AppendResult> answer) =>
        (await Assert.ThrowsAsync<JournalException>(() => answer)).Failure;

    private static void CheckWhole(List<JournalRecord> records)
    {
        for (var i = 0; i < records.Count;)
        {
            var (start, count) = (records[i].AtMicros, records[i].Version);
            Assert.Equal(i, start);
            Assert.True(i + count <= records.Count, $"the append at {i} is torn");
            for (var k = 0; k < count; k++, i++)
            {
                Assert.Equal((start, count), (records[i].AtMicros, records[i].Version));
                Assert.Equal(JournalAppender.Body(i), records[i].Body.ToArray());
            }
        }
    }
}
