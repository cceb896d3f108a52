using System.Text;
using Nitro.Journal;
using Nitro.Ports;
using Nitro.Shell.Tests.EndToEnd;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>Earlier epochs go into an archive and out of the store; at no moment is a record in neither, and the node starts as before.</summary>
public sealed class CompactTests(LivedJournal lived) : IClassFixture<LivedJournal>
{
    private const int Rounds = 8;
    private const int Filled = 40_000;

    [Theory]
    [InlineData("archive.jsonl")]
    [InlineData("archive.jsonl.gz")]
    public async Task ArchiveAndStoreTogetherAreTheJournalItWas(string name)
    {
        var (store, archive) = (lived.Copy(), lived.New(name));
        var was = await Tool.DoneAsync("at", "--json", "-j", store);
        var early = await Tool.DoneAsync("at", "30", "--json", "-j", store);

        var told = await Tool.DoneAsync("compact", archive, "-j", $"sqlite:{store}");

        Assert.Contains($"{lived.EpochStart} records from 0 on are in", told, StringComparison.Ordinal);
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", archive), StringComparison.Ordinal);
        Assert.True(new FileInfo(store).Length < new FileInfo(lived.Store).Length);
        Assert.Equal(was, await Tool.DoneAsync("at", "--json", "-j", store));
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", store), StringComparison.Ordinal);
        Assert.Contains("nothing as old", await Tool.RefusedAsync("at", "30", "-j", store), StringComparison.Ordinal);
        Assert.Equal(early, await Tool.DoneAsync("at", "30", "--json", "-j", store, "--archive", archive));
        Assert.Equal(early, await Tool.DoneAsync("at", "30", "--json", "-j", archive));
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", store, "-a", archive), StringComparison.Ordinal);
        Assert.Equal(await Tool.DoneAsync("why", lived.Channel, "-j", lived.Store), await Tool.DoneAsync("why", lived.Channel, "-j", store, "-a", archive));
        Assert.Contains("holds nothing before its epoch", await Tool.DoneAsync("compact", archive, "-j", store), StringComparison.Ordinal);
        await using var journal = await lived.OpenAsync(store);
        LivedJournal.Same([.. lived.Records.Skip((int)lived.EpochStart)], await LivedJournal.ReadAsync(journal, journal.EpochStart));
    }

    [Fact]
    public async Task AnotherFileIsNeverTakenForTheArchive()
    {
        var (store, other) = (lived.Copy(), lived.New("other.jsonl"));
        await Tool.DoneAsync("export", other, "-j", lived.Store);

        Assert.Contains("Nothing was deleted", await Tool.RefusedAsync("compact", other, "-j", store), StringComparison.Ordinal);

        var changed = await lived.WithAsync(
            record => LivedJournal.Entry(record.Position == 5 ? record with { AtMicros = record.AtMicros + 1 } : record), lived.EpochStart);
        var archive = lived.New("archive.jsonl");
        await Tool.DoneAsync("compact", archive, "-j", changed);
        Assert.Contains("Nothing was deleted", await Tool.RefusedAsync("compact", archive, "-j", store), StringComparison.Ordinal);
        Assert.Equal(await Tool.DoneAsync("verify", "-j", lived.Store), await Tool.DoneAsync("verify", "-j", store));
    }

    [Fact]
    public async Task ADamagedRecordIsNotArchivedAndNothingIsDeleted()
    {
        var (store, archive) = (lived.Copy(), lived.New("archive.jsonl"));
        LivedJournal.Meddle(store, "UPDATE record SET body = x'00' WHERE position = 7");

        Assert.Contains("Record 7 ", await Tool.RefusedAsync("compact", archive, "-j", store), StringComparison.Ordinal);

        Assert.False(File.Exists(archive));
        using var reader = SqliteJournalReader.Open(store);
        Assert.Equal(0, reader.First);
    }

    [Fact]
    public async Task WhateverAnEarlierAttemptLeftBehindItIsFinished()
    {
        var (store, archive) = (lived.Copy(), lived.New("archive.jsonl"));
        await File.WriteAllTextAsync(archive + ".partial", "half of one");
        using (var compaction = SqliteCompaction.Open(store))
        {
            await compaction.ArchiveAsync(archive, _ => { }, default);
        }

        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", store, "-a", archive), StringComparison.Ordinal);
        LivedJournal.Meddle(store, $"DELETE FROM record WHERE position < {lived.EpochStart / 2}");
        await Tool.DoneAsync("compact", archive, "-j", store);
        await IsWholeAsync(store, archive, lived.Records.Count);
    }

    [Fact]
    public async Task KilledAtAnyMomentEveryRecordIsInTheArchiveOrInTheStore()
    {
        var (original, records) = await LongAsync();
        var random = new Random(11);
        var (store, archive) = (lived.New("journal.db"), lived.New("archive.jsonl"));
        File.Copy(original, store);
        var longest = 4_000;
        for (var round = 0; round < Rounds; round++)
        {
            await using (var process = NodeProcess.Start(["journal", "compact", archive, "-j", store]))
            {
                using var limit = new CancellationTokenSource(random.Next(longest));
                try
                {
                    await process.EndAsync(limit.Token);
                    longest = longest * 3 / 4; // It was done before: aim earlier.
                }
                catch (OperationCanceledException)
                {
                    process.Signal(9);
                    await process.EndAsync(default);
                }
            }

            await IsWholeAsync(store, archive, records);
            if (round % 3 == 2)
            {
                (store, archive) = (lived.New("journal.db"), lived.New("archive.jsonl"));
                File.Copy(original, store);
            }
        }

        await Tool.DoneAsync("compact", archive, "-j", store);
        await IsWholeAsync(store, archive, records);
        using var reader = SqliteJournalReader.Open(store);
        Assert.Equal(lived.Records.Count + Filled, reader.First);
    }

    /// <summary>What was lived, many records that change nothing, and one more epoch; and how many records that makes.</summary>
    private async Task<(string Store, int Records)> LongAsync()
    {
        var path = await lived.WithAsync(record => LivedJournal.Entry(record), lived.EpochStart);
        var node = lived.Replayed(lived.Records);
        await using var journal = await lived.OpenAsync(path);
        var last = lived.Records[^1].AtMicros;
        var nothing = Encoding.UTF8.GetBytes($$"""{"channel":"0x{{new string('d', 64)}}","height":1}""");
        await LivedJournal.AppendAsync(journal, Enumerable.Repeat(new JournalEntry(last, "HoldingsDoubted", 1, nothing), Filled));
        Assert.True(NodeEpochs.TryOpen(node, NodeEpochs.Draft(node), out var opening, out var error), error);
        await journal.OpenEpochAsync(journal.Next, [.. opening!.Records.Select(record => new JournalEntry(last, record.Type, record.Version, record.Body))], default);
        return (path, (int)journal.Next);
    }

    private static async Task IsWholeAsync(string store, string archive, int records)
    {
        string[] from = File.Exists(archive) ? ["-a", archive] : [];
        var told = await Tool.DoneAsync(["verify", "-j", store, .. from]);
        Assert.Contains("Everything holds.", told, StringComparison.Ordinal);
        Assert.Contains($"{records:N0} ", told, StringComparison.Ordinal);
    }
}
