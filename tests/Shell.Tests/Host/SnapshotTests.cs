using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Nitro.Host;
using Nitro.Host.Loop;
using Nitro.Journal;
using Nitro.Ports;
using Nitro.Shell.Tests.EndToEnd;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>A snapshot gives the very state that the journal gives, or nothing.</summary>
public sealed class SnapshotTests : IDisposable
{
    private readonly TestWorld world = new() { SnapshotRecords = 60 };
    private readonly LogKeeper log = new();

    public void Dispose()
    {
        world.Dispose();
        log.Dispose();
    }

    [Fact]
    public async Task ARestartBeginsAtTheSnapshotAndKnowsWhatTheJournalKnows()
    {
        var (journal, path, owner) = await LivedAsync();
        var snapshot = SnapshotFile.TryRead(path, owner, out var reason);
        Assert.True(snapshot is not null, reason);
        Assert.InRange(snapshot.Position, 1, journal.Next - 1);

        var watched = new BrokenJournal(journal);
        var (quick, quickMicros, from) = await Replay.RunAsync(Parts(watched, owner, path), CancellationToken.None);
        var (slow, slowMicros, start) = await Replay.RunAsync(Parts(journal, owner, null), CancellationToken.None);

        Assert.Equal([snapshot.Position - 1, snapshot.Position], watched.Reads);
        Assert.Equal((snapshot.Position, 0), (from, start));
        Assert.Equal((slow.Position, slowMicros, slow.UnfinishedCount), (quick.Position, quickMicros, quick.UnfinishedCount));
        Assert.Equal(Restated(slow), Restated(quick));
    }

    [Fact]
    public async Task ADamagedOneIsNotUsed()
    {
        var (journal, path, owner) = await LivedAsync();
        var good = await File.ReadAllBytesAsync(path);
        var dice = new Random(1);
        for (var i = 0; i < 300; i++)
        {
            var bad = (byte[])good.Clone();
            bad[i < 100 ? i : dice.Next(bad.Length)] ^= (byte)(1 << dice.Next(8));
            await File.WriteAllBytesAsync(path, i % 10 == 0 ? bad[..dice.Next(bad.Length)] : bad);
            Assert.Null(SnapshotFile.TryRead(path, owner, out var reason));
            Assert.NotEqual("", reason);
        }

        var (node, _, from) = await Replay.RunAsync(Parts(journal, owner, path), CancellationToken.None);
        Assert.Equal((journal.Next, 0), (node.Position, from));
        Assert.Contains("is not used", log.Text);
    }

    /// <summary>Made by somebody who knows how: it may give another state, but neither an exception nor endless work.</summary>
    [Fact]
    public async Task AForgedOneIsReadOrRefused()
    {
        var (_, path, owner) = await LivedAsync();
        var parts = Parts(new MemoryJournal(), owner, path);
        var good = await File.ReadAllBytesAsync(path);
        var header = good.Length - SHA256.HashSizeInBytes - SnapshotFile.TryRead(path, owner, out _)!.Pieces.Sum(piece => piece.Length + sizeof(int));
        var dice = new Random(1);
        var refused = 0;
        for (var i = 0; i < 3_000; i++)
        {
            var bad = good[..(i % 5 == 0 ? dice.Next(SHA256.HashSizeInBytes, good.Length) : good.Length)];
            var content = bad.AsSpan(0, bad.Length - SHA256.HashSizeInBytes);
            if (content.Length > 0)
            {
                content[dice.Next(Math.Min(content.Length, i % 2 == 0 ? header + sizeof(int) : content.Length))] = (byte)dice.Next(256);
            }

            SHA256.HashData(content, bad.AsSpan(content.Length));
            await File.WriteAllBytesAsync(path, bad);
            if (SnapshotFile.TryRead(path, owner, out var reason) is not { } read || read.Restore(parts.Settings, CancellationToken.None) is { Node: null })
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1_000, 2_999);
    }

    [Fact]
    public async Task AJournalThatIsNotTheOneItWasMadeOfIsRefused()
    {
        var (journal, path, owner) = await LivedAsync();
        var position = SnapshotFile.TryRead(path, owner, out _)!.Position;
        var records = await RecordsAsync(journal);

        // The journal was set back, or the last record before the snapshot is another.
        var shorter = await CopyAsync(records.Take((int)position - 1));
        var other = await CopyAsync(records.Select(record => record.Position == position - 1 ? record with { AtMicros = record.AtMicros - 1 } : record));

        foreach (var older in (IJournal[])[shorter, other])
        {
            var refused = await Assert.ThrowsAsync<TenantStoppedException>(() => Replay.RunAsync(Parts(older, owner, path), CancellationToken.None));
            Assert.Contains("restore --from", refused.Message, StringComparison.Ordinal);
        }

        Assert.Null(SnapshotFile.TryRead(path, TestKeys.AddressOf(TestKeys.Key(9)), out var reason));
        Assert.Contains(owner, reason);
    }

    [Fact]
    public async Task AJournalThatLostItsEndIsRefusedByTheWitnessOfIt()
    {
        var (journal, path, owner) = await LivedAsync();
        var witness = Path.Combine(Path.GetDirectoryName(path)!, "witness.json");
        var records = await RecordsAsync(journal);
        TenantParts Seen(IJournal of) => Parts(of, owner, null) with { WitnessPath = witness };

        // A node that ends in peace notes its last record.
        Assert.Equal(journal.Next, WitnessFile.TryRead(witness, owner)!.Position);
        Assert.Equal(journal.Next, (await Replay.RunAsync(Seen(journal), CancellationToken.None)).Node.Position);
        var shorter = await CopyAsync(records.Take(records.Count - 1));
        var refused = await Assert.ThrowsAsync<TenantStoppedException>(() => Replay.RunAsync(Seen(shorter), CancellationToken.None));
        Assert.Contains(witness, refused.Message, StringComparison.Ordinal);

        // One that is spoilt, or another's, is none.
        var bytes = await File.ReadAllTextAsync(witness);
        foreach (var other in (string[])["", "{", "null", "{}", bytes.Replace(owner, TestKeys.AddressOf(TestKeys.Key(9)), StringComparison.Ordinal), bytes.Replace("\"position\":", "\"position\":-", StringComparison.Ordinal), bytes[..^4] + "zz\"}"])
        {
            await File.WriteAllTextAsync(witness, other);
            Assert.Equal(shorter.Next, (await Replay.RunAsync(Seen(shorter), CancellationToken.None)).Node.Position);
        }
    }

    [Fact]
    public async Task OneThatCannotBeKeptCostsNothing()
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        using var told = new TestWorld { SnapshotRecords = 60, Loggers = loggers };
        await using var alice = await TestNode.StartAsync(told, 1);
        Directory.CreateDirectory(alice.SnapshotPath + ".new");
        await using var irene = await TestNode.StartAsync(told, 2);
        await using var bob = await TestNode.StartAsync(told, 3);
        var channel = await TenantTests.OpenPaymentsAsync(alice, irene, bob);

        await PayAsync(alice, channel, 40);

        Assert.Contains("was not kept", log.Text);
        Assert.False(File.Exists(alice.SnapshotPath));
        await TenantTests.PaidAsync(bob, channel, 40);
    }

    private static async Task PayAsync(TestNode payer, string channel, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await payer.CallAsync("pay", $$"""{"Amount":1,"Channel":"{{channel}}"}""");
        }
    }

    /// <summary>The facts that restate a state, as bytes: two states with the same are the same.</summary>
    private static IReadOnlyList<string> Restated(NodeHandle node)
    {
        Assert.True(NodeEpochs.TryOpen(node, NodeEpochs.Draft(node), out var opening, out var error), error);
        return [.. opening.Records.Select(record => $"{record.Type} {Convert.ToHexString(record.Body.Span)}")];
    }

    private static async Task<IReadOnlyList<JournalRecord>> RecordsAsync(IJournal journal)
    {
        var records = new List<JournalRecord>();
        await foreach (var record in journal.ReadAsync(0, CancellationToken.None))
        {
            records.Add(record);
        }

        return records;
    }

    private static async Task<IJournal> CopyAsync(IEnumerable<JournalRecord> records)
    {
        var copy = new MemoryJournal();
        foreach (var record in records)
        {
            await copy.AppendAsync(record.Position, [new JournalEntry(record.AtMicros, record.Type, record.Version, record.Body)], CancellationToken.None);
        }

        return copy;
    }

    private TenantParts Parts(IJournal journal, string owner, string? path)
    {
        Assert.True(NitroCore.TryConfigure(TestWorld.SettingsJson(owner), TestKeys.Recover, out var settings, out var error), error);
        return new TenantParts
        {
            Name = "alice", Settings = settings!, Journal = journal, Signer = null!, Chain = null!, Link = null!, SnapshotPath = path, Logger = log.CreateLogger("alice"),
        };
    }

    /// <summary>A journal with a life behind it, and the snapshot from somewhere in it.</summary>
    private async Task<(IJournal Journal, string Path, string Owner)> LivedAsync()
    {
        var alice = await TestNode.StartAsync(world, 1);
        await using (alice)
        {
            await using var irene = await TestNode.StartAsync(world, 2);
            await using var bob = await TestNode.StartAsync(world, 3);
            var channel = await TenantTests.OpenPaymentsAsync(alice, irene, bob);
            await PayAsync(alice, channel, 20);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            await Wait.UntilAsync(() => File.Exists(alice.SnapshotPath), limit.Token);
            await PayAsync(alice, channel, 5);
        }

        return (alice.Journal.Reopen(), alice.SnapshotPath, alice.Address);
    }
}
