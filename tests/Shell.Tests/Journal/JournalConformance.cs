using System.Text;
using Nitro.Journal;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

/// <summary>What every journal must do, whatever it is made of.</summary>
public abstract class JournalConformance
{
    /// <summary>Opens the journal of this test; after the handle before was disposed, it is the restart of a node.</summary>
    protected abstract Task<IJournal> OpenAsync();

    /// <summary>Appends at the head past the handle that is open, as a second process would that got past the lock.</summary>
    protected abstract Task AppendAsStrangerAsync(params JournalEntry[] entries);

    [Fact]
    public async Task Positions_are_dense_from_zero()
    {
        await using var journal = await OpenAsync();
        Assert.Equal(0, journal.Next);
        await Samples.Appended(journal, 0, Samples.Make(1), 1);
        await Samples.Appended(journal, 1, Samples.Make(3), 4);
        Assert.Equal(4, journal.Next);
        Assert.Equal([0L, 1, 2, 3], (await Samples.Read(journal)).Select(r => r.Position));
        var statistics = journal.Statistics;
        Assert.Equal((4, 2, 2), (statistics.Records, statistics.Appends, statistics.Commits));
        Assert.True(statistics.Bytes > 0);
    }

    [Fact]
    public async Task Another_expected_position_conflicts_and_names_the_head()
    {
        await using var journal = await OpenAsync();
        Assert.Equal(new AppendResult(AppendOutcome.Conflict, 0), await Samples.Append(journal, 1, Samples.Make(1)));
        await Samples.Appended(journal, 0, Samples.Make(4), 4);
        foreach (var expected in new[] { 0L, 1, 3, 5, 1_000, long.MaxValue })
        {
            Assert.Equal(new AppendResult(AppendOutcome.Conflict, 4), await Samples.Append(journal, expected, Samples.Make(2)));
        }

        Assert.Equal(4, (await Samples.Read(journal)).Count);
    }

    [Fact]
    public async Task An_identical_retry_is_answered_as_done_even_after_the_journal_moved_on()
    {
        await using var journal = await OpenAsync();
        var (first, second, third) = (Samples.Make(2), Samples.Make(3), Samples.Make(1));
        await Samples.Appended(journal, 0, first, 2);
        await Samples.Appended(journal, 0, first, 2);
        await Samples.Appended(journal, 2, second, 5);
        await Samples.Appended(journal, 5, third, 6);
        await Samples.Appended(journal, 0, first, 6);
        await Samples.Appended(journal, 2, second, 6);
        Assert.Equal(6, (await Samples.Read(journal)).Count);
        Assert.Equal(3, journal.Statistics.Appends);
    }

    [Fact]
    public async Task A_prefix_of_an_append_is_a_retry_and_anything_else_is_not()
    {
        await using var journal = await OpenAsync();
        var entries = Samples.Make(3);
        await Samples.Appended(journal, 0, entries, 3);
        await Samples.Appended(journal, 0, entries[..2], 3);
        JournalEntry[][] others =
        [
            [.. entries, Samples.One()],
            [entries[1], entries[0], entries[2]],
            [entries[0], entries[1], entries[2] with { Body = new byte[] { 1 } }],
            [entries[0], entries[1], entries[2] with { Type = "other" }],
            [entries[0], entries[1], entries[2] with { Version = 99 }],
            [entries[0], entries[1], entries[2] with { AtMicros = 1 }],
        ];
        foreach (var other in others)
        {
            Assert.Equal(new AppendResult(AppendOutcome.Conflict, 3), await Samples.Append(journal, 0, other));
        }

        await Samples.Holds(journal, entries);
    }

    [Fact]
    public async Task All_bytes_and_all_text_survive()
    {
        JournalEntry[] entries =
        [
            new(0, "all-bytes", 1, Enumerable.Range(0, 256).Select(i => (byte)i).ToArray()),
            new(-1, "empty", int.MinValue, ReadOnlyMemory<byte>.Empty),
            new(long.MaxValue, "Überweisung 支付 🚀\0end", int.MaxValue, new byte[] { 0 }),
            new(long.MinValue, new string('t', 3_000), 0, Encoding.UTF8.GetBytes("2b0c6a3e-7d5f-4a57-9f4f-0d5c1b1f7d11")),
            new(5, "slice", 1, new byte[] { 9, 8, 7, 6 }.AsMemory(1, 2)),
        ];
        await using (var journal = await OpenAsync())
        {
            await Samples.Appended(journal, 0, entries, 5);
            await Samples.Holds(journal, entries);
        }

        await using var reopened = await OpenAsync();
        await Samples.Holds(reopened, entries);
        await Samples.Appended(reopened, 0, entries, 5);
    }

    [Fact]
    public async Task Reading_starts_at_the_position_asked_for_and_ends_at_the_head_of_the_call()
    {
        await using var journal = await OpenAsync();
        Assert.Empty(await Samples.Read(journal));
        await Samples.Appended(journal, 0, Samples.Make(10), 10);
        Assert.Equal([7L, 8, 9], (await Samples.Read(journal, 7)).Select(r => r.Position));
        Assert.Empty(await Samples.Read(journal, 10));
        Assert.Empty(await Samples.Read(journal, long.MaxValue));
        var earlier = journal.ReadAsync(8, default);
        await Samples.Appended(journal, 10, Samples.Make(5), 15);
        Assert.Equal([8L, 9], (await Samples.Collect(earlier)).Select(r => r.Position));
        Assert.Throws<ArgumentOutOfRangeException>(() => journal.ReadAsync(-1, default));
    }

    [Fact]
    public async Task A_read_can_be_cancelled()
    {
        await using var journal = await OpenAsync();
        await Samples.Appended(journal, 0, Samples.Make(3), 3);
        using var stop = new CancellationTokenSource();
        var seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in journal.ReadAsync(0, stop.Token))
            {
                seen++;
                await stop.CancelAsync();
            }
        });
        Assert.Equal(1, seen);
    }

    [Fact]
    public async Task What_is_not_an_append_is_the_callers_mistake()
    {
        await using var journal = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => Samples.Append(journal, 0));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Samples.Append(journal, -1, Samples.One()));
        await Assert.ThrowsAsync<ArgumentException>(() => Samples.Append(journal, 0, Samples.One() with { Type = "" }));
        await Assert.ThrowsAsync<ArgumentException>(() => Samples.Append(journal, 0, Samples.One() with { Type = "half \ud800" }));
        Assert.Empty(await Samples.Read(journal));
        await Samples.Appended(journal, 0, Samples.Make(1), 1);
    }

    [Fact]
    public async Task An_append_is_one_whatever_its_size()
    {
        var large = new JournalEntry(0, "é", 1, new byte[AppendRules.EnoughBytes]);
        JournalEntry[] first = [.. Samples.Make(2000), large], second = [large, Samples.One(), large], third = Samples.Make(1);
        await using (var journal = await OpenAsync())
        {
            await Samples.Appended(journal, 0, first, 2001);
            Assert.Equal(AppendOutcome.Conflict, (await Samples.Append(journal, 2000, second)).Outcome);
            await Samples.Appended(journal, 2001, second, 2004);
            await Samples.Appended(journal, 0, first, 2004);
            await Samples.Appended(journal, 2004, third, 2005);
        }

        await using var reopened = await OpenAsync();
        Assert.Equal((0, 2005), (reopened.EpochStart, reopened.Next));
        await Samples.Holds(reopened, [.. first, .. second, .. third]);
        await Samples.Appended(reopened, 2001, second, 2005);
    }

    [Fact]
    public async Task A_retry_after_a_restart_is_recognised()
    {
        var entries = Samples.Make(3);
        await using (var journal = await OpenAsync())
        {
            await Samples.Appended(journal, 0, entries, 3);
        }

        await using var reopened = await OpenAsync();
        Assert.Equal(3, reopened.Next);
        await Samples.Appended(reopened, 0, entries, 3);
        await Samples.Holds(reopened, entries);
    }

    [Fact]
    public async Task A_second_writer_makes_the_first_one_conflict()
    {
        await using var journal = await OpenAsync();
        var (own, foreign) = (Samples.Make(2), Samples.Make(2));
        await Samples.Appended(journal, 0, own, 2);
        await AppendAsStrangerAsync(foreign);
        Assert.Equal(new AppendResult(AppendOutcome.Conflict, 4), await Samples.Append(journal, 2, Samples.Make(1)));
        Assert.Equal(new AppendResult(AppendOutcome.Conflict, 4), await Samples.Append(journal, 2, foreign));
        Assert.Equal(new AppendResult(AppendOutcome.Appended, 4), await Samples.Append(journal, 0, own));
        Assert.Equal(4, journal.Next);
        await Samples.Holds(journal, [.. own, .. foreign]);
    }

    [Fact]
    public async Task An_epoch_opens_whatever_its_size_and_survives_a_restart()
    {
        JournalEntry[] before = Samples.Make(7), after = Samples.Make(3);
        JournalEntry[] opening = [.. Samples.Make(700), new(1, "large", 1, new byte[AppendRules.EnoughBytes]), .. Samples.Make(2)];
        await using (var journal = await OpenAsync())
        {
            Assert.Equal(0, journal.EpochStart);
            await Samples.Appended(journal, 0, before, 7);
            Assert.Equal(new AppendResult(AppendOutcome.Appended, 710), await Opened(journal, 7, opening));
            Assert.Equal((7, 710), (journal.EpochStart, journal.Next));
            await Samples.Appended(journal, 710, after, 713);
        }

        await using var reopened = await OpenAsync();
        Assert.Equal((7, 713), (reopened.EpochStart, reopened.Next));
        await Samples.Holds(reopened, [.. before, .. opening, .. after]);
        Assert.Equal(706, (await Samples.Read(reopened, reopened.EpochStart)).Count);
        Assert.Equal(new AppendResult(AppendOutcome.Appended, 714), await Opened(reopened, 713, Samples.One()));
        Assert.Equal(713, reopened.EpochStart);
    }

    [Fact]
    public async Task An_epoch_that_opens_elsewhere_than_at_the_head_conflicts_and_the_old_one_stays_in_force()
    {
        await using var journal = await OpenAsync();
        await Samples.Appended(journal, 0, Samples.Make(4), 4);
        await Opened(journal, 4, Samples.Make(2));
        foreach (var expected in new[] { 0L, 3, 4, 5, 7, long.MaxValue })
        {
            Assert.Equal(new AppendResult(AppendOutcome.Conflict, 6), await Opened(journal, expected, Samples.Make(2)));
            Assert.Equal(4, journal.EpochStart);
        }

        await AppendAsStrangerAsync(Samples.Make(1));
        Assert.Equal(new AppendResult(AppendOutcome.Conflict, 7), await Opened(journal, 6, Samples.Make(600)));
        Assert.Equal(7, (await Samples.Read(journal)).Count);
        await using var reopened = await ReopenAsync(journal);
        Assert.Equal(4, reopened.EpochStart);
    }

    [Fact]
    public async Task An_identical_retry_of_an_opening_is_answered_as_done_and_equal_records_open_no_epoch()
    {
        await using var journal = await OpenAsync();
        var (plain, opening) = (Samples.Make(2), Samples.Make(600));
        await Samples.Appended(journal, 0, Samples.Make(1), 1);
        await Samples.Appended(journal, 1, plain, 3);
        Assert.Equal(new AppendResult(AppendOutcome.Conflict, 3), await Opened(journal, 1, plain));
        Assert.Equal(0, journal.EpochStart);
        Assert.Equal(new AppendResult(AppendOutcome.Appended, 603), await Opened(journal, 3, opening));
        Assert.Equal(new AppendResult(AppendOutcome.Appended, 603), await Opened(journal, 3, opening));
        await Samples.Appended(journal, 603, Samples.Make(1), 604);
        Assert.Equal(new AppendResult(AppendOutcome.Appended, 604), await Opened(journal, 3, opening));
        Assert.Equal((3, 604), (journal.EpochStart, (await Samples.Read(journal)).Count));
    }

    [Fact]
    public async Task What_is_not_an_opening_is_the_callers_mistake()
    {
        await using var journal = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => Opened(journal, 0));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Opened(journal, -1, Samples.One()));
        await Assert.ThrowsAsync<ArgumentException>(() => Opened(journal, 0, Samples.One() with { Type = "" }));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => journal.OpenEpochAsync(0, Samples.Make(1), new CancellationToken(canceled: true)).AsTask());
        Assert.Equal((0, 0), (journal.Next, journal.EpochStart));
    }

    [Fact]
    public async Task After_disposal_nothing_is_accepted()
    {
        var journal = await OpenAsync();
        await journal.DisposeAsync();
        await journal.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Samples.Append(journal, 0, Samples.One()));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Opened(journal, 0, Samples.One()));
        Assert.Throws<ObjectDisposedException>(() => journal.ReadAsync(0, default));
    }

    private static Task<AppendResult> Opened(IJournal journal, long expected, params JournalEntry[] entries) =>
        journal.OpenEpochAsync(expected, entries, default).AsTask();

    private async Task<IJournal> ReopenAsync(IJournal journal)
    {
        await journal.DisposeAsync();
        return await OpenAsync();
    }
}
