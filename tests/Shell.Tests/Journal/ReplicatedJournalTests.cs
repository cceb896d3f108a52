using Nitro.Journal;
using Nitro.Ports;
using Nitro.Shell.Tests.Host;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

/// <summary>A journal and its replica: whichever is lost, the other has all that was acknowledged.</summary>
public sealed class ReplicatedJournalTests
{
    [Fact]
    public async Task ANewReplicaGetsAllThereIsAndThenFollows()
    {
        using var folder = new JournalFolder();
        var (journal, replica) = (new MemoryJournal(), await folder.OpenAsync());
        await LiveAsync(journal, new Random(1), 200);
        Assert.True(journal.EpochStart > 0);
        var told = new List<(long Done, long All)>();

        await using (var both = await ReplicatedJournal.OpenAsync(journal.Reopen(), replica, (done, all) => told.Add((done, all)), CancellationToken.None))
        {
            Assert.Equal((journal.Next, journal.Next), told[^1]);
            Assert.True(told.Count > 2);
            await Samples.Appended(both, both.Next, Samples.Make(3), both.Next + 3);
            await EqualAsync(journal.Reopen(), replica);
        }

        await using var again = await folder.OpenAsync();
        await EqualAsync(journal.Reopen(), again);
    }

    [Fact]
    public async Task WhateverACrashLeftTheyAreAlikeAfterwardsAndNothingAcknowledgedIsMissing()
    {
        var dice = new Random(7);
        var (journal, replica) = (new MemoryJournal(), new MemoryJournal());
        await LiveAsync(journal, dice, 3);
        for (var round = 0; round < 200; round++)
        {
            var (left, right) = (journal.Reopen(), replica.Reopen());
            await using var both = await ReplicatedJournal.OpenAsync(left, right, (_, _) => { }, CancellationToken.None);
            await EqualAsync(left, right);
            await LiveAsync(both, dice, dice.Next(4));
            var acknowledged = both.Next;

            // The crash: an append that reached one of them alone.
            await LiveAsync(dice.Next(2) == 0 ? left : right, dice, dice.Next(3));
            Assert.True(left.Next >= acknowledged && right.Next >= acknowledged);
        }
    }

    [Fact]
    public async Task AnEmptyJournalBesideAFullReplicaIsALostOne()
    {
        var replica = new MemoryJournal();
        await LiveAsync(replica, new Random(2), 5);

        var lost = await Assert.ThrowsAsync<JournalException>(
            () => ReplicatedJournal.OpenAsync(new MemoryJournal(), replica.Reopen(), (_, _) => { }, CancellationToken.None));

        Assert.Contains("nitro restore", lost.Message);
    }

    [Fact]
    public async Task AnotherHistoryIsNoReplica()
    {
        var (journal, replica) = (new MemoryJournal(), new MemoryJournal());
        await Samples.Appended(journal, 0, Samples.Make(4), 4);
        await Samples.Appended(replica, 0, Samples.Make(3), 3);

        var apart = await Assert.ThrowsAsync<JournalException>(() => ReplicatedJournal.OpenAsync(journal, replica, (_, _) => { }, CancellationToken.None));

        Assert.Contains("record 2", apart.Message);
        Assert.Equal((4, 3), (journal.Next, replica.Next));
    }

    [Fact]
    public async Task AnotherHistoryOfTheSameLengthIsNoReplicaEither()
    {
        var (journal, replica, epochs) = (new MemoryJournal(), new MemoryJournal(), new MemoryJournal());
        var common = Samples.Make(3);
        await Samples.Appended(journal, 0, [.. common, Samples.One()], 4);
        await Samples.Appended(replica, 0, [.. common, Samples.One()], 4);

        var apart = await Assert.ThrowsAsync<JournalException>(() => ReplicatedJournal.OpenAsync(journal, replica, (_, _) => { }, CancellationToken.None));
        Assert.Contains("record 3", apart.Message);

        await Samples.Appended(epochs, 0, common, 3);
        await epochs.OpenEpochAsync(3, [LivedEntry(await Samples.Read(journal))], CancellationToken.None);
        await Assert.ThrowsAsync<JournalException>(() => ReplicatedJournal.OpenAsync(journal, epochs, (_, _) => { }, CancellationToken.None));
        static JournalEntry LivedEntry(List<JournalRecord> records) => new(records[^1].AtMicros, records[^1].Type, records[^1].Version, records[^1].Body);
    }

    [Fact]
    public async Task NothingIsAcknowledgedThatTheReplicaDoesNotHave()
    {
        var (journal, copy) = (new MemoryJournal(), new MemoryJournal());
        var replica = new BrokenJournal(copy.Reopen());
        await using var both = await ReplicatedJournal.OpenAsync(journal.Reopen(), replica, (_, _) => { }, CancellationToken.None);

        var gate = new TaskCompletionSource();
        replica.Gate = gate.Task;
        var append = both.AppendAsync(0, Samples.Make(1), CancellationToken.None).AsTask();
        Assert.False(append.IsCompleted);
        gate.SetResult();
        Assert.Equal(new AppendResult(AppendOutcome.Appended, 1), await append);

        replica.Failure = () => new AppendResult(AppendOutcome.Conflict, 9);
        var other = await Assert.ThrowsAsync<JournalException>(async () => await both.AppendAsync(1, Samples.Make(1), CancellationToken.None));
        Assert.Contains("another node", other.Message);
        await Assert.ThrowsAsync<JournalException>(async () => await both.OpenEpochAsync(2, Samples.Make(1), CancellationToken.None));

        replica.Failure = () => throw new JournalException(JournalFailure.Unknown, "its disk is full");
        var failed = await Assert.ThrowsAsync<JournalException>(async () => await both.AppendAsync(3, Samples.Make(1), CancellationToken.None));
        Assert.Equal(JournalFailure.Unknown, failed.Failure);
        Assert.Matches("replica failed.*its disk is full", failed.Message);
    }

    [Fact]
    public async Task ANewReplicaOfACompactedJournalBeginsWhereThatBegins()
    {
        using var folder = new JournalFolder();
        await using var journal = await SqliteJournal.OpenAsync(At("journal.db", 40), CancellationToken.None);
        await journal.OpenEpochAsync(40, Samples.Make(5), CancellationToken.None);
        await Samples.Appended(journal, 45, Samples.Make(2), 47);

        var replica = await SqliteJournal.OpenAsync(At("replica.db", journal.First), CancellationToken.None);
        await using var both = await ReplicatedJournal.OpenAsync(journal, replica, (_, _) => { }, CancellationToken.None);

        Assert.Equal((40, 40, 47), (replica.First, replica.EpochStart, replica.Next));
        SqliteJournalOptions At(string name, long first) => new() { Path = folder.File(name), Owner = "0xowner", FirstPosition = first };
    }

    /// <summary>Some appends, now and then an epoch.</summary>
    private static async Task LiveAsync(IJournal journal, Random dice, int appends)
    {
        for (var i = 0; i < appends; i++)
        {
            var entries = Samples.Make(dice.Next(1, 30));
            var result = dice.Next(6) == 0
                ? await journal.OpenEpochAsync(journal.Next, entries, CancellationToken.None)
                : await journal.AppendAsync(journal.Next, entries, CancellationToken.None);
            Assert.Equal(AppendOutcome.Appended, result.Outcome);
        }
    }

    private static async Task EqualAsync(IJournal one, IJournal other)
    {
        Assert.Equal((one.Next, one.EpochStart), (other.Next, other.EpochStart));
        Assert.Equal(await TextAsync(one), await TextAsync(other));
    }

    private static async Task<IReadOnlyList<string>> TextAsync(IJournal journal) =>
        [.. (await Samples.Read(journal)).Select(record => $"{record.Position} {record.AtMicros} {record.Type} {record.Version} {Convert.ToHexString(record.Body.Span)}")];
}
