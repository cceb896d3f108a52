using Microsoft.Data.Sqlite;
using Nitro.Storage;
using Xunit;

namespace Nitro.Shell.Tests.Storage;

/// <summary>What every database of a node has: durable commits, an owner, a bound, and nobody else's eyes.</summary>
public sealed class DurableDatabaseTests : IDisposable
{
    private static readonly DatabaseOwner Alice = new("CREATE TABLE thing(id INTEGER);", Table: "thing", Schema: "1", "alice", IfOthers: "Ask alice.");
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-db-");

    private DatabaseOptions Options => new()
    {
        Title = "The thing",
        Path = Path.Combine(folder.FullName, "deep", "thing.db"),
        IfInUse = "Wait.",
    };

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CommitsAreDurable(bool isExclusive)
    {
        using var connection = DurableDatabase.Open(Options with { IsExclusive = isExclusive }, Alice);

        Assert.Equal(2L, connection.Scalar("PRAGMA synchronous"));
        Assert.Equal("wal", connection.Scalar("PRAGMA journal_mode"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OnlyItsOwnerMayRead(bool isExclusive)
    {
        using var connection = DurableDatabase.Open(Options with { IsExclusive = isExclusive }, Alice);
        connection.Execute("INSERT INTO thing VALUES (1)");

        var files = Directory.GetFiles(Path.GetDirectoryName(Options.Path)!);
        Assert.Equal(isExclusive ? 2 : 3, files.Length);
        Assert.All(files, file => Assert.True(
            OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite), file));
    }

    [Fact]
    public void OneInUseIsRefusedAndUnharmedByIt()
    {
        using var first = DurableDatabase.Open(Options with { IsExclusive = true }, Alice);
        for (var again = 0; again < 2; again++)
        {
            var refusal = Assert.Throws<StorageException>(() => DurableDatabase.Open(Options, Alice));
            Assert.Contains("another process uses it. Wait.", refusal.Message);
        }

        first.Execute("INSERT INTO thing VALUES (1)");
        Assert.Equal(1L, first.Scalar("SELECT count(*) FROM thing"));
    }

    [Fact]
    public void AnothersIsRefusedWithTheNextStep()
    {
        DurableDatabase.Open(Options, Alice).Dispose();

        var others = Assert.Throws<StorageException>(() => DurableDatabase.Open(Options, Alice with { Owner = "bob" }));
        var newer = Assert.Throws<StorageException>(() => DurableDatabase.Open(Options, Alice with { Schema = "2" }));
        var foreign = Assert.Throws<StorageException>(() => DurableDatabase.Open(Options, Alice with { Table = "other" }));

        Assert.Equal($"The thing {Options.Path} cannot be opened: it belongs to alice, not to bob. Ask alice.", others.Message);
        Assert.Contains("its schema is 1, this program reads 2", newer.Message);
        Assert.Contains("something else", foreign.Message);
        DurableDatabase.Open(Options, Alice).Dispose();
    }

    [Fact]
    public void AFullDatabaseSaysSo()
    {
        using var connection = DurableDatabase.Open(Options with { MaximumBytes = 5 * 4096 }, Alice);

        var full = Assert.Throws<SqliteException>(() => connection.Execute("INSERT INTO thing VALUES (zeroblob(100000))"));
        Assert.Equal(13, full.SqliteErrorCode);
    }

    [Fact]
    public void WhatAKillLeftInTheLogIsWrittenDownBeforeAnybodyActsOnIt()
    {
        var (killed, alone) = (Options.Path + ".killed", Options.Path + ".alone");
        using (var connection = DurableDatabase.Open(Options, Alice))
        {
            connection.Execute("INSERT INTO thing VALUES (x'01')");
            File.Copy(Options.Path, killed);
            File.Copy(Options.Path + "-wal", killed + "-wal");
        }

        using var opened = DurableDatabase.Open(Options with { Path = killed }, Alice);
        File.Copy(killed, alone);
        using var told = DurableDatabase.OpenReader(Options with { Path = alone });
        Assert.Equal(1L, told.Scalar("SELECT count(*) FROM thing"));
    }

    [Fact]
    public void OneInMemoryLeavesNoFile()
    {
        using (DurableDatabase.Open(Options with { Path = DatabaseOptions.InMemory }, Alice))
        {
        }

        Assert.False(File.Exists(DatabaseOptions.InMemory));
    }
}
