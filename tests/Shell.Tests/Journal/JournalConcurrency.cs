using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

/// <summary>What every journal must do when calls overlap, and under random operations.</summary>
public abstract class JournalConcurrency
{
    /// <inheritdoc cref="JournalConformance.OpenAsync"/>
    protected abstract Task<IJournal> OpenAsync();

    [Fact]
    public async Task Sixteen_writers_have_one_winner_at_each_position()
    {
        await using var journal = await OpenAsync();
        var winners = await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => Task.Run(async () =>
        {
            var won = new List<(long Position, JournalEntry Entry)>();
            for (var i = 0; i < 40; i++)
            {
                var (expected, entry) = (journal.Next, Samples.One());
                var result = await Samples.Append(journal, expected, entry);
                Assert.True(result.Next > expected || result.Outcome == AppendOutcome.Conflict);
                if (result.Outcome == AppendOutcome.Appended)
                {
                    won.Add((expected, entry));
                }
            }

            return won;
        })));
        var all = winners.SelectMany(w => w).OrderBy(w => w.Position).ToList();
        Assert.Equal(Enumerable.Range(0, all.Count).Select(i => (long)i), all.Select(w => w.Position));
        await Samples.Holds(journal, [.. all.Select(w => w.Entry)]);
        Assert.Equal(all.Count, journal.Statistics.Appends);
    }

    [Fact]
    public async Task A_reader_sees_appends_whole_and_its_own_at_once()
    {
        await using var journal = await OpenAsync();
        using var written = new CancellationTokenSource();
        var reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reader = Task.Run(async () =>
        {
            var reads = 0;
            for (var last = false; !last; reads++)
            {
                last = written.IsCancellationRequested;
                Assert.Equal(0, (await Samples.Read(journal)).Count % 7);
                reading.TrySetResult();
            }

            return reads;
        });
        await Task.WhenAny(reading.Task, reader);
        for (var i = 0; i < 150; i++)
        {
            var entries = Samples.Make(7);
            await Samples.Appended(journal, i * 7, entries, (i + 1) * 7);
            var own = await Samples.Read(journal, i * 7);
            Assert.Equal(7, own.Count);
            Assert.True(Samples.IsSame(entries[6], own[6]));
        }

        await written.CancelAsync();
        Assert.True(await reader > 1);
    }

    [Fact]
    public async Task An_append_cancelled_at_any_moment_and_retried_is_there_once()
    {
        await using var journal = await OpenAsync();
        var random = new Random(18);
        var all = new List<JournalEntry>();
        for (var i = 0; i < 200; i++)
        {
            var entries = Samples.Make(random.Next(1, 5));
            using var stop = new CancellationTokenSource();
            var (spins, expected) = (random.Next(0, 40_000), (long)all.Count);
            var canceller = Task.Run(() =>
            {
                Thread.SpinWait(spins);
                stop.Cancel();
            });
            try
            {
                await journal.AppendAsync(expected, entries, stop.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.True(stop.IsCancellationRequested);
            }

            await canceller;
            all.AddRange(entries);
            await Samples.Appended(journal, expected, entries, all.Count);
        }

        await Samples.Holds(journal, all);
        Assert.Equal(200, journal.Statistics.Appends);
    }

    [Fact]
    public async Task Of_a_thousand_appends_in_flight_those_that_conflict_fail_alone()
    {
        await using var journal = await OpenAsync();
        var all = new List<JournalEntry>();
        var answers = new List<(Task<AppendResult> Answer, AppendOutcome Expected)>();
        for (var i = 0; i < 1_000; i++)
        {
            var entry = Samples.One();
            if (i % 100 == 50)
            {
                answers.Add((Samples.Append(journal, all.Count + 3, entry), AppendOutcome.Conflict));
                continue;
            }

            answers.Add((Samples.Append(journal, all.Count, entry), AppendOutcome.Appended));
            all.Add(entry);
        }

        foreach (var (answer, expected) in answers)
        {
            Assert.Equal(expected, (await answer).Outcome);
        }

        await Samples.Holds(journal, all);
        await CheckCommits(journal);
    }

    [Fact]
    public async Task Random_operations_agree_with_a_model()
    {
        for (var seed = 0; seed < 6; seed++)
        {
            await using var run = new ModelRun(seed, OpenFreshAsync);
            await run.RunAsync(operations: 150);
        }
    }

    /// <summary>Opens an empty journal, and gives a way to open the same one again.</summary>
    protected abstract Task<(IJournal Journal, Func<Task<IJournal>> Reopen)> OpenFreshAsync();

    /// <summary>What the thousand appends may have cost.</summary>
    protected virtual Task CheckCommits(IJournal journal) => Task.CompletedTask;
}
