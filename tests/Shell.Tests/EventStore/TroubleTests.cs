using Nitro.EventStore;
using Nitro.FakeEventStore;
using Nitro.Ports;
using Nitro.Shell.Tests.EndToEnd;
using Nitro.Shell.Tests.Journal;
using Xunit;

namespace Nitro.Shell.Tests.EventStore;

/// <summary>Servers that fail, vanish, change places; and other writers.</summary>
public sealed class TroubleTests
{
    [Theory]
    [InlineData(FaultPoint.BeforeAppend, Fault.Cut)]
    [InlineData(FaultPoint.BeforeAppend, Fault.Silence)]
    [InlineData(FaultPoint.BeforeAppend, Fault.NotReady)]
    [InlineData(FaultPoint.BeforeAppend, Fault.TimedOut)]
    [InlineData(FaultPoint.AfterAppend, Fault.Cut)]
    [InlineData(FaultPoint.AfterAppend, Fault.Silence)]
    [InlineData(FaultPoint.AfterAppend, Fault.TimedOut)]
    [InlineData(FaultPoint.AfterAppend, Fault.Thrown)]
    public async Task An_append_without_an_answer_is_asked_again_until_it_is_known_and_stands_once(FaultPoint point, Fault fault)
    {
        await using var journals = await Journals.StartAsync();
        await using var journal = await journals.OpenAsync();
        JournalEntry[] entries = Samples.Make(5);
        journals.Plan((point, fault), (point, fault));
        await Samples.Appended(journal, 0, entries[..3], 3);
        await Samples.Appended(journal, 3, entries[3..], 5);
        await Samples.Holds(journal, entries);
        Assert.Equal((2, 2), (journal.Statistics.Appends, journal.Statistics.Commits));
        Assert.Contains(journals.Complaints, complaint => complaint.Contains(Journals.Stream, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_read_that_breaks_off_goes_on_where_it_was()
    {
        await using var journals = await Journals.StartAsync();
        await using var journal = await journals.OpenAsync();
        JournalEntry[] entries = Samples.Make(3_000);
        for (var i = 0; i < entries.Length; i += 500)
        {
            await Samples.Appended(journal, i, entries[i..(i + 500)], i + 500);
        }

        journals.Plan((FaultPoint.WithinRead, Fault.Cut), (FaultPoint.BeforeRead, Fault.NotReady), (FaultPoint.WithinRead, Fault.Thrown));
        await Samples.Holds(journal, entries);
    }

    [Fact]
    public async Task The_leader_may_change_at_any_time()
    {
        await using var journals = await Journals.StartAsync(3);
        await using var journal = await journals.OpenAsync();
        JournalEntry[] entries = Samples.Make(30);
        for (var i = 0; i < entries.Length; i++)
        {
            journals.Cluster.Elect(journals.Cluster.Nodes[i % 3]);
            await Samples.Appended(journal, i, [entries[i]], i + 1);
        }

        await Samples.Holds(journal, entries);
    }

    [Fact]
    public async Task A_leader_that_is_killed_is_followed_by_the_next_one_elected()
    {
        await using var journals = await Journals.StartAsync(3);
        await using var journal = await journals.OpenAsync();
        var (first, second, third) = (Samples.Make(2), Samples.Make(2), Samples.Make(2));
        await Samples.Appended(journal, 0, first, 2);
        journals.Cluster.Leader!.Kill();
        journals.Cluster.Elect(null);
        var waiting = Samples.Append(journal, 2, second);
        journals.Cluster.Elect(journals.Cluster.Nodes[2]);
        Assert.Equal(new AppendResult(AppendOutcome.Appended, 4), await waiting);
        journals.Cluster.Nodes[2].Kill();
        journals.Cluster.Nodes[0].Revive();
        journals.Cluster.Elect(journals.Cluster.Nodes[0]);
        await Samples.Appended(journal, 4, third, 6);
        await Samples.Holds(journal, [.. first, .. second, .. third]);
    }

    [Fact]
    public async Task One_server_of_a_cluster_is_enough_to_find_the_leader()
    {
        await using var journals = await Journals.StartAsync(3);
        var follower = journals.Cluster.Nodes[1].Port;
        foreach (var scheme in new[] { "esdb", "esdb+discover" })
        {
            await using var journal = await journals.OpenAtAsync($"{scheme}://localhost:{follower}?tls=false{journals.Options}");
            await Samples.Appended(journal, journal.Next, Samples.Make(1), journal.Next + 1);
        }
    }

    [Fact]
    public async Task What_stays_unanswered_stops_the_writer_and_a_restart_knows_more()
    {
        await using var journals = await Journals.StartAsync();
        journals.RetryFor = TimeSpan.FromMilliseconds(200);
        var entries = Samples.Make(2);
        await using (var journal = await journals.OpenAsync())
        {
            journals.Cluster.Faults = (point, _) => point == FaultPoint.AfterAppend ? Fault.TimedOut : Fault.None;
            Assert.Equal(JournalFailure.Unknown, (await FailsAsync(journal, 0, entries)).Failure);
            journals.Cluster.Faults = (_, _) => Fault.None;
            Assert.Equal(JournalFailure.Permanent, (await FailsAsync(journal, 0, entries)).Failure);
        }

        await using var reopened = await journals.OpenAsync();
        Assert.Equal(2, reopened.Next);
        await Samples.Appended(reopened, 0, entries, 2);
    }

    [Fact]
    public async Task A_full_server_is_waited_for_and_then_the_writer_stops()
    {
        await using var journals = await Journals.StartAsync();
        await using (var journal = await journals.OpenAsync())
        {
            journals.Cluster.Nodes[0].IsFull = true;
            var waiting = Samples.Append(journal, 0, Samples.Make(1));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await Wait.UntilAsync(() => !journals.Complaints.IsEmpty, limit.Token);
            Assert.False(waiting.IsCompleted);
            journals.Cluster.Nodes[0].IsFull = false;
            Assert.Equal(new AppendResult(AppendOutcome.Appended, 1), await waiting);
        }

        journals.RetryFor = TimeSpan.FromMilliseconds(200);
        journals.Cluster.Nodes[0].IsFull = true;
        await using var later = await journals.OpenAsync();
        Assert.Contains("timed out", (await FailsAsync(later, 1, Samples.Make(1))).Message, StringComparison.Ordinal);
        Assert.Single(await Samples.Read(later));
    }

    [Fact]
    public async Task Another_writer_is_named_and_nothing_more_is_written_behind_it()
    {
        await using var journals = await Journals.StartAsync();
        await using var journal = await journals.OpenAsync();
        var (own, foreign) = (Samples.Make(2), Samples.Make(1));
        await Samples.Appended(journal, 0, own, 2);
        Assert.Null(journal.Rival);
        await using var other = await journals.OpenAsync();
        await Samples.Appended(other, 2, foreign, 3);

        // As many records as the other wrote: the second append would fit behind those, where it does not belong.
        Task<AppendResult>[] lost = [Samples.Append(journal, 2, Samples.Make(1)), Samples.Append(journal, 3, Samples.Make(1))];
        Assert.All(await Task.WhenAll(lost), result => Assert.Equal(new AppendResult(AppendOutcome.Conflict, 3), result));
        Assert.Contains($"{Environment.MachineName}/{Environment.ProcessId}/", journal.Rival, StringComparison.Ordinal);
        Assert.Contains($"record 2 of the stream {Journals.Stream}", journal.Rival, StringComparison.Ordinal);
        Assert.Equal(AppendOutcome.Conflict, (await Samples.Append(journal, 3, Samples.Make(1))).Outcome);
        await Samples.Appended(other, 3, Samples.Make(1), 4);
    }

    [Fact]
    public async Task Equal_records_of_another_writer_are_not_taken_for_ones_own()
    {
        await using var journals = await Journals.StartAsync();
        await using var journal = await journals.OpenAsync();
        await using var other = await journals.OpenAsync();
        var entries = Samples.Make(2);
        await Samples.Appended(other, 0, entries, 2);
        Assert.Equal(new AppendResult(AppendOutcome.Conflict, 2), await Samples.Append(journal, 0, entries));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public async Task An_opening_that_breaks_off_is_nothing_before_its_first_piece_and_whole_afterwards(int pieces, bool isWhole)
    {
        await using var journals = await Journals.StartAsync();
        journals.RetryFor = TimeSpan.FromMilliseconds(200);
        var (before, opening) = (Samples.Make(3), Large(3_000));
        await using (var journal = await journals.OpenAsync())
        {
            await Samples.Appended(journal, 0, before, 3);
            var left = pieces;
            journals.Cluster.Faults = (point, stream) =>
                point == FaultPoint.BeforeAppend && stream == Journals.Stream && left-- <= 0 ? Fault.NotReady : Fault.None;
            await Assert.ThrowsAsync<JournalException>(() => journal.OpenEpochAsync(3, opening, default).AsTask());
        }

        journals.Cluster.Faults = (_, _) => Fault.None;
        await using var reopened = await journals.OpenAsync();
        Assert.Equal(isWhole ? (3, 3_003) : (0, 3), (reopened.EpochStart, reopened.Next));
        await Samples.Holds(reopened, isWhole ? [.. before, .. opening] : before);
        if (!isWhole)
        {
            Assert.Equal(AppendOutcome.Appended, (await reopened.OpenEpochAsync(3, opening, default)).Outcome);
        }
        else
        {
            Assert.Equal([Journals.Stream], journals.Cluster.Database.Names().Where(name => name.StartsWith("nitro", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task A_second_writer_that_completes_an_opening_and_the_first_that_goes_on_write_the_same()
    {
        await using var journals = await Journals.StartAsync();
        var opening = Large(3_000);
        await using var journal = await journals.OpenAsync();
        var pieces = 0;
        var paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource();
        journals.Cluster.Held = goOn.Task;
        journals.Cluster.Faults = (point, stream) =>
        {
            if (point == FaultPoint.BeforeAppend && stream == Journals.Stream && Interlocked.Increment(ref pieces) == 2)
            {
                paused.SetResult();
                return Fault.Held;
            }

            return Fault.None;
        };
        var opened = journal.OpenEpochAsync(0, opening, default).AsTask();
        await paused.Task;
        await using (var other = await journals.OpenAsync())
        {
            Assert.Equal((0, 3_000), (other.EpochStart, other.Next));
            await Samples.Appended(other, 3_000, Samples.Make(1), 3_001);
        }

        goOn.SetResult();
        Assert.Equal(AppendOutcome.Appended, (await opened).Outcome);
        Assert.Equal(new AppendResult(AppendOutcome.Conflict, 3_001), await Samples.Append(journal, 3_000, Samples.Make(1)));
        Assert.Equal(3_001, (await Samples.Read(journal)).Count);
    }

    internal static async Task<JournalException> FailsAsync(EventStoreJournal journal, long expected, JournalEntry[] entries) =>
        await Assert.ThrowsAsync<JournalException>(() => Samples.Append(journal, expected, entries));

    /// <summary>More than two appends of the server.</summary>
    private static JournalEntry[] Large(int count) => [.. Samples.Make(count).Select(entry => entry with { Body = new byte[1_000] })];
}
