using Nitro.Cli.Journal;
using Nitro.Journal;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>A journal that was exported, imported or migrated is the same journal, whichever way it went.</summary>
public sealed class CopyTests(LivedJournal lived) : IClassFixture<LivedJournal>
{
    [Theory]
    [InlineData("export.jsonl")]
    [InlineData("export.jsonl.gz")]
    public async Task ExportAndImportGiveTheSameJournal(string name)
    {
        var (file, store) = (lived.New(name), lived.New("again.db"));

        await Tool.DoneAsync("export", file, "-j", lived.Store);
        await Tool.DoneAsync("import", file, "--to", $"sqlite:{store}");

        await IsTheSameAsync(store);
        Assert.Equal(await Tool.DoneAsync("verify", "-j", lived.Store), await Tool.DoneAsync("verify", "-j", file));
        var second = lived.New(name);
        await Tool.DoneAsync("export", second, "-j", store);
        Assert.Equal(await File.ReadAllBytesAsync(file), await File.ReadAllBytesAsync(second));
    }

    [Fact]
    public async Task MigrationGivesTheSameJournalAndLeavesTheOldOne()
    {
        var (from, to) = (lived.Copy(), lived.New("moved.db"));

        await Tool.DoneAsync("migrate", $"sqlite:{from}", to);

        await IsTheSameAsync(to);
        await IsTheSameAsync(from);
        Assert.Contains("is there already", await Tool.RefusedAsync("migrate", from, to), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherKindOfStoreTakesItAllToo()
    {
        await using var memory = new MemoryJournal();
        await using var source = await OpenedJournal.OverAsync(await JournalStores.OpenAsync(lived.Store, default), null, default);

        await JournalCopy.CatchUpAsync(source.Source, memory, (_, _) => { }, default);
        await JournalCopy.CompareAsync(source.Source, memory, _ => { }, default);

        LivedJournal.Same(lived.Records, await LivedJournal.ReadAsync(memory));
        Assert.Equal((lived.EpochStart, (long)lived.Records.Count), (memory.EpochStart, memory.Next));
    }

    [Fact]
    public async Task PlacesThatAreNoneAreRefusedBeforeAnythingIsCopied()
    {
        var file = lived.New("export.jsonl");
        await Tool.DoneAsync("export", file, "-j", lived.Store);
        var folder = Directory.CreateDirectory(lived.New("folder")).FullName;

        Assert.Contains("is there already", await Tool.RefusedAsync("import", file, "--to", folder), StringComparison.Ordinal);
        Assert.False(File.Exists(folder + ".importing"));
        Assert.Contains("the name is empty", await Tool.RefusedAsync("import", file, "--to", ""), StringComparison.Ordinal);

        // SQLite would play a log that is left over into whatever stands beside it.
        var store = lived.New("again.db");
        await File.WriteAllBytesAsync(store + "-wal", []);
        Assert.Contains("again.db-wal is there already", await Tool.RefusedAsync("import", file, "--to", store), StringComparison.Ordinal);
        Assert.Contains("the name is empty", await Tool.RefusedAsync("verify", "-j", ""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStoreWithoutItsEarlierEpochsIsCopiedAtItsPositions()
    {
        var (store, archive, file, again) = (lived.Copy(), lived.New("archive.jsonl"), lived.New("rest.jsonl"), lived.New("again.db"));
        await Tool.DoneAsync("compact", archive, "-j", store);
        await Tool.DoneAsync("export", file, "-j", store);
        await Tool.DoneAsync("import", file, "--to", again);

        await using var journal = await lived.OpenAsync(again);
        Assert.Equal((lived.EpochStart, (long)lived.Records.Count), (journal.EpochStart, journal.Next));
        LivedJournal.Same([.. lived.Records.Skip((int)lived.EpochStart)], await LivedJournal.ReadAsync(journal, lived.EpochStart));
    }

    [Fact]
    public async Task AnArchiveByItselfIsAJournalUpToItsEnd()
    {
        var (store, archive, again) = (lived.Copy(), lived.New("archive.jsonl"), lived.New("again.db"));
        await Tool.DoneAsync("compact", archive, "-j", store);

        await Tool.DoneAsync("import", archive, "--to", again);

        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", again), StringComparison.Ordinal);
        await using var journal = await lived.OpenAsync(again);
        LivedJournal.Same([.. lived.Records.Take((int)lived.EpochStart)], await LivedJournal.ReadAsync(journal));
    }

    [Fact]
    public async Task WhatIsNoStoreIsNamedAsWhatItIs()
    {
        var (file, empty) = (lived.New("export.jsonl"), lived.New("empty.db"));
        await Tool.DoneAsync("export", file, "-j", lived.Store);
        await File.WriteAllBytesAsync(empty, []);

        Assert.Contains("the file is empty", await Tool.RefusedAsync("verify", "-j", empty), StringComparison.Ordinal);
        Assert.Contains("is a folder", await Tool.RefusedAsync("verify", "-j", Path.GetDirectoryName(empty)!), StringComparison.Ordinal);
        Assert.Contains("There is no journal", await Tool.RefusedAsync("verify", "-j", $"{empty}/none"), StringComparison.Ordinal);
        Assert.Contains("nothing to compact", await Tool.RefusedAsync("compact", lived.New("archive.jsonl"), "-j", file), StringComparison.Ordinal);
        Assert.Contains("leave --journal out", await Tool.RefusedAsync("migrate", lived.Copy(), lived.New("to.db"), "-j", lived.Store), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnImportThatBrokeOffIsNoJournalAndIsBegunAnew()
    {
        var (file, cut, store) = (lived.New("export.jsonl"), lived.New("cut.jsonl"), lived.New("again.db"));
        await Tool.DoneAsync("export", file, "-j", lived.Store);
        var lines = await File.ReadAllLinesAsync(file);
        await File.WriteAllLinesAsync(cut, lines[..^20]);

        Assert.Contains("is cut off before record", await Tool.RefusedAsync("import", cut, "--to", store), StringComparison.Ordinal);
        Assert.False(File.Exists(store));
        await Tool.DoneAsync("import", file, "--to", store);

        await IsTheSameAsync(store);
    }

    private async Task IsTheSameAsync(string store)
    {
        await using var journal = await lived.OpenAsync(store);
        Assert.Equal(lived.EpochStart, journal.EpochStart);
        LivedJournal.Same(lived.Records, await LivedJournal.ReadAsync(journal));
    }
}
