using Microsoft.Data.Sqlite;
using Nitro.Journal;
using Nitro.Ports;
using Nitro.Shell.Tests.Host;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>The journal of a node that paid, opened epochs, and has promises open: in SQLite, and closed. Tests take copies.</summary>
public sealed class LivedJournal : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-tools-");
    private int made;

    /// <summary>The database.</summary>
    internal string Store => Path.Combine(folder.FullName, "lived.db");

    /// <summary>The node's address.</summary>
    internal string Owner { get; } = TestKeys.AddressOf(TestKeys.Key(1));

    /// <summary>The channel that was paid on.</summary>
    internal string Channel { get; private set; } = string.Empty;

    /// <summary>All records.</summary>
    internal IReadOnlyList<JournalRecord> Records { get; private set; } = [];

    /// <summary>Where the epoch in force begins.</summary>
    internal long EpochStart { get; private set; }

    public async Task InitializeAsync()
    {
        using var world = new TestWorld { EpochRecords = 150 };
        var journal = await OpenAsync(Store);
        await using (var alice = await TestNode.StartAsync(world, TestKeys.Key(1), new MemoryJournal(), journal))
        {
            await using var irene = await TestNode.StartAsync(world, 2);
            await using var bob = await TestNode.StartAsync(world, 3);
            Channel = await TenantTests.OpenPaymentsAsync(alice, irene, bob);
            await alice.CallAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, TestKeys.AddressOf(TestKeys.Key(4)), 5, 5));
            for (var i = 0; i < 150; i++)
            {
                await alice.CallAsync("pay", $$"""{"Amount":1,"Channel":"{{Channel}}"}""", $"payment-number-{i:D4}");
            }
        }

        await using var closed = await OpenAsync(Store);
        EpochStart = closed.EpochStart;
        Records = await ReadAsync(closed);
        Assert.InRange(EpochStart, 100, Records.Count - 10);
    }

    public Task DisposeAsync()
    {
        folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>A path where nothing is.</summary>
    internal string New(string name) => Path.Combine(folder.CreateSubdirectory($"{Interlocked.Increment(ref made)}").FullName, name);

    /// <summary>A copy of the database, to be damaged.</summary>
    internal string Copy()
    {
        var copy = New("journal.db");
        File.Copy(Store, copy);
        return copy;
    }

    /// <summary>A store of other records than were lived.</summary>
    internal async Task<string> WithAsync(Func<JournalRecord, JournalEntry?> change, long epochStart = 0)
    {
        var path = New("journal.db");
        await using var journal = await OpenAsync(path);
        JournalEntry[] entries = [.. Records.Select(change).OfType<JournalEntry>()];
        if (epochStart > 0)
        {
            await AppendAsync(journal, entries[..(int)epochStart]);
            await journal.OpenEpochAsync(epochStart, entries[(int)epochStart..], CancellationToken.None);
        }
        else
        {
            await AppendAsync(journal, entries);
        }

        return path;
    }

    /// <summary>The node after all records.</summary>
    internal NodeHandle Replayed(IEnumerable<JournalRecord> records)
    {
        Assert.True(NodeHistory.TrySettings(Owner, TestKeys.Recover, out var settings, out var error), error);
        var replay = NitroCore.Replay(settings!, 0);
        foreach (var record in records)
        {
            Assert.True(NitroCore.TryReadFact(record.Type, record.Version, record.Body, out var fact, out error), error);
            replay.Fold(record.AtMicros, fact!);
        }

        return replay.Finish();
    }

    internal static JournalEntry Entry(JournalRecord record) => new(record.AtMicros, record.Type, record.Version, record.Body);

    internal static async Task AppendAsync(IJournal journal, IEnumerable<JournalEntry> entries)
    {
        foreach (var batch in entries.Chunk(500))
        {
            Assert.Equal(AppendOutcome.Appended, (await journal.AppendAsync(journal.Next, batch, CancellationToken.None)).Outcome);
        }
    }

    internal static async Task<List<JournalRecord>> ReadAsync(IJournal journal, long from = 0)
    {
        var records = new List<JournalRecord>();
        await foreach (var record in journal.ReadAsync(from, CancellationToken.None))
        {
            records.Add(record);
        }

        return records;
    }

    internal static void Same(IReadOnlyList<JournalRecord> expected, IReadOnlyList<JournalRecord> found)
    {
        Assert.Equal(expected.Count, found.Count);
        foreach (var (one, other) in expected.Zip(found))
        {
            Assert.Equal((one.Position, one.AtMicros, one.Type, one.Version), (other.Position, other.AtMicros, other.Type, other.Version));
            Assert.Equal(one.Body.ToArray(), other.Body.ToArray());
        }
    }

    internal static void Meddle(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal Task<SqliteJournal> OpenAsync(string path) => SqliteJournal.OpenAsync(new SqliteJournalOptions { Path = path, Owner = Owner }, CancellationToken.None);
}
