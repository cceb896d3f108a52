using System.CommandLine;
using System.Text;
using Google.Protobuf;
using Nitro.Cli;
using Nitro.EventStore;
using Nitro.EventStore.Connection;
using Nitro.EventStore.Records;
using Nitro.FakeEventStore;
using Nitro.Ports;
using Nitro.Shell.Tests.Host;
using Nitro.Storage;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>Every tool on a journal on EventStoreDB tells and does what it does on one in SQLite, and is in no node's way.</summary>
public sealed class ServerToolTests(LivedJournal lived) : IClassFixture<LivedJournal>, IAsyncLifetime
{
    private FakeCluster cluster = null!;

    private string Server => cluster.ConnectionString + "&defaultDeadline=2000&discoveryInterval=20";

    private string Store => $"{Server}#{lived.Owner}";

    private string Stream => $"nitro-{lived.Owner}";

    public async Task InitializeAsync() => cluster = await FakeCluster.StartAsync();

    public async Task DisposeAsync() => await cluster.DisposeAsync();

    [Fact]
    public async Task WhatGoesToTheServerAndBackIsTheSameJournal()
    {
        var back = lived.New("back.db");

        Assert.Contains($"{lived.Records.Count} records from 0 on are in esdb://", await Tool.DoneAsync("migrate", lived.Store, Server), StringComparison.Ordinal);
        await Tool.DoneAsync("migrate", Store, $"sqlite:{back}");

        await using (var journal = await OpenAsync())
        {
            Assert.Equal((lived.EpochStart, (long)lived.Records.Count), (journal.EpochStart, journal.Next));
            LivedJournal.Same(lived.Records, await LivedJournal.ReadAsync(journal));
        }

        await using var again = await lived.OpenAsync(back);
        Assert.Equal((lived.EpochStart, (long)lived.Records.Count), (again.EpochStart, again.Next));
        LivedJournal.Same(lived.Records, await LivedJournal.ReadAsync(again));
        Assert.DoesNotContain(cluster.Database.Names(), name => name.StartsWith("nitro_filling", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EveryToolTellsTheSameAsOfSqlite()
    {
        await Tool.DoneAsync("migrate", lived.Store, Server);
        var middle = lived.Records[lived.Records.Count / 2];
        var time = DateTimeOffset.UnixEpoch.AddMicroseconds(middle.AtMicros).ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        foreach (var command in (string[][])
        [
            ["verify"], ["tail"], ["tail", "--json", "--from", "7"], ["at"], ["at", "--json"], ["at", "30"], ["at", $"{lived.EpochStart + 5}"], ["at", time, "--json"], ["why", lived.Channel],
        ])
        {
            Assert.Equal(await Tool.DoneAsync([.. command, "-j", lived.Store]), await Tool.DoneAsync([.. command, "-j", Store]));
        }

        var (one, other, bundle) = (lived.New("one.jsonl"), lived.New("other.jsonl"), lived.New("bundle.jsonl.gz"));
        await Tool.DoneAsync("export", one, "-j", lived.Store);
        await Tool.DoneAsync("export", other, "-j", Store);
        Assert.Equal(await File.ReadAllBytesAsync(one), await File.ReadAllBytesAsync(other));
        await Tool.DoneAsync("bundle", bundle, "-j", Store);
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", bundle), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReaderIsInNoWritersWay()
    {
        await Tool.DoneAsync("migrate", lived.Store, Server);
        await using var writer = await OpenAsync();
        await Tool.DoneAsync("verify", "-j", Store);
        await using var output = new AwaitedText("is in doubt");
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var following = CommandLine.Create().Parse(["journal", "tail", "--follow", "-j", Store])
            .InvokeAsync(new InvocationConfiguration { Output = output, Error = output }, enough.Token);

        var last = lived.Records[^1];
        var next = new JournalEntry(last.AtMicros + 5, "HoldingsDoubted", 1, Encoding.UTF8.GetBytes($$"""{"channel":"0x{{new string('d', 64)}}","height":1}"""));
        Assert.Equal(AppendOutcome.Appended, (await writer.AppendAsync(writer.Next, [next], default)).Outcome);

        await output.Seen.WaitAsync(enough.Token);
        await enough.CancelAsync();
        Assert.Equal(0, await following);
        Assert.Equal(AppendOutcome.Appended, (await writer.AppendAsync(writer.Next, [next], default)).Outcome);
        Assert.Null(writer.Rival);
    }

    [Fact]
    public async Task ACopyThatBrokeOffIsNobodysJournalAndGoesOnWhereItWas()
    {
        var appends = 0;
        cluster.Faults = (point, stream) =>
        {
            if (point == FaultPoint.BeforeAppend && stream == Stream && ++appends == 1)
            {
                cluster.Nodes[0].MaxAppendSize = 100;
            }

            return Fault.None;
        };
        Assert.Contains("at most 100 bytes", await Tool.RefusedAsync("migrate", lived.Store, Server), StringComparison.Ordinal);

        cluster.Nodes[0].MaxAppendSize = 1024 * 1024;
        cluster.Faults = (_, _) => Fault.None;
        var refusal = await Assert.ThrowsAsync<JournalException>(OpenAsync);
        Assert.Contains("is being filled with a copy", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("is being filled with a copy", await Tool.RefusedAsync("verify", "-j", Store), StringComparison.Ordinal);

        await Tool.DoneAsync("migrate", lived.Store, Server);

        await using var journal = await OpenAsync();
        LivedJournal.Same(lived.Records, await LivedJournal.ReadAsync(journal));
        Assert.Contains("is there already", await Tool.RefusedAsync("migrate", lived.Store, Server), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAppendThatIsNotWholeIsNotThereForReaders()
    {
        await Tool.DoneAsync("migrate", lived.Store, Server);
        var was = await Tool.DoneAsync("at", "--json", "-j", Store);
        await using (var writer = await OpenAsync())
        {
            var pieces = 0;
            cluster.Faults = (point, stream) => point == FaultPoint.BeforeAppend && stream == Stream && ++pieces > 1 ? Fault.TimedOut : Fault.None;
            var large = Enumerable.Range(0, 2_500).Select(i => new JournalEntry(i, "HoldingsDoubted", 1, new byte[1_000])).ToArray();
            await Assert.ThrowsAsync<JournalException>(() => writer.OpenEpochAsync(writer.Next, large, default).AsTask());
        }

        cluster.Faults = (_, _) => Fault.None;
        Assert.True(cluster.Database.Read(Stream, 0, long.MaxValue, isBackwards: false)!.Value.Last >= lived.Records.Count);
        Assert.Equal(was, await Tool.DoneAsync("at", "--json", "-j", Store));
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", Store), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ANodeThatIsSeenToLiveIsNotMigratedFrom()
    {
        await Tool.DoneAsync("migrate", lived.Store, Server);
        var (position, last) = (lived.Records.Count, lived.Records[^1]);
        Write(position, last, $"{Environment.MachineName}/1/elsewhere");
        Assert.Contains("process id 1 on this machine", await Tool.RefusedAsync("migrate", Store, lived.New("to.db")), StringComparison.Ordinal);

        Write(position + 1, last, "another-machine/1/elsewhere");
        var to = lived.New("to.db");
        var reads = 0;
        cluster.Faults = (point, stream) =>
        {
            if (point == FaultPoint.BeforeRead && stream == Stream && ++reads == 4)
            {
                Write(position + 2, last, "another-machine/1/elsewhere");
            }

            return Fault.None;
        };
        Assert.Contains("a node writes to it", await Tool.RefusedAsync("migrate", Store, to), StringComparison.Ordinal);
        Assert.False(File.Exists(to));
    }

    [Fact]
    public async Task EarlierEpochsGoIntoAnArchiveAndAreHidden()
    {
        var (archive, back) = (lived.New("archive.jsonl.gz"), lived.New("back.db"));
        await Tool.DoneAsync("migrate", lived.Store, Server);
        var was = await Tool.DoneAsync("at", "--json", "-j", Store);
        var early = await Tool.DoneAsync("at", "30", "--json", "-j", Store);
        await using (var node = await OpenAsync())
        {
            await Tool.DoneAsync("compact", archive, "-j", Store);
            Assert.Contains("holds nothing before its epoch", await Tool.DoneAsync("compact", archive, "-j", Store), StringComparison.Ordinal);
            LivedJournal.Same([.. lived.Records.Skip((int)lived.EpochStart)], await LivedJournal.ReadAsync(node, node.EpochStart));
        }

        Assert.Equal(lived.EpochStart, cluster.Database.Read(Stream, 0, 1, isBackwards: false)!.Value.First);
        Assert.Equal(was, await Tool.DoneAsync("at", "--json", "-j", Store));
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", Store), StringComparison.Ordinal);
        Assert.Contains("nothing as old", await Tool.RefusedAsync("at", "30", "-j", Store), StringComparison.Ordinal);
        Assert.Equal(early, await Tool.DoneAsync("at", "30", "--json", "-j", Store, "--archive", archive));
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", Store, "-a", archive), StringComparison.Ordinal);

        await using var second = await FakeCluster.StartAsync();
        Assert.Contains("--archive", await Tool.RefusedAsync("migrate", Store, second.ConnectionString), StringComparison.Ordinal);
        await Tool.DoneAsync("migrate", Store, second.ConnectionString, "--archive", archive);
        await Tool.DoneAsync("migrate", $"{second.ConnectionString}#{lived.Owner}", back);
        await using var journal = await lived.OpenAsync(back);
        LivedJournal.Same(lived.Records, await LivedJournal.ReadAsync(journal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ALostJournalIsRestoredFromItsReplicaWhereverEitherIs(bool isReplicaOnServer)
    {
        var folder = Path.GetDirectoryName(lived.New("x"))!;
        var (journal, replica) = isReplicaOnServer ? ("sqlite", Server) : (Server, $"sqlite:{folder}/replica");
        var config = await ConfiguredAsync(folder, journal, replica);
        if (isReplicaOnServer)
        {
            await Tool.DoneAsync("migrate", lived.Store, Server);
        }
        else
        {
            Directory.CreateDirectory(Path.Combine(folder, "replica"));
            File.Copy(lived.Store, Path.Combine(folder, "replica", "default.db"));
        }

        var restored = await Tool.CommandAsync("restore", "--config", config);

        Assert.True(restored.Code == 0, restored.Error);
        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "--config", config), StringComparison.Ordinal);
        Assert.Equal(await Tool.DoneAsync("at", "30", "-j", lived.Store), await Tool.DoneAsync("at", "30", "--config", config));
        Assert.Contains("is there already", (await Tool.CommandAsync("restore", "--config", config)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACopyOfAnotherNodesJournalIsNotRestored()
    {
        var folder = Path.GetDirectoryName(lived.New("x"))!;
        var config = await ConfiguredAsync(folder, "sqlite", "", key: 2);

        var refused = await Tool.CommandAsync("restore", "--config", config, "--from", lived.Store);

        Assert.Equal(1, refused.Code);
        Assert.Contains($"is of {lived.Owner}, and tenant default is {TestKeys.AddressOf(TestKeys.Key(2))}", refused.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "data", "default"), "journal*"));

        // The key may be brought back after the journal: then the node looks, when it starts.
        File.Delete(Path.Combine(folder, "channel.key"));
        Assert.Equal(0, (await Tool.CommandAsync("restore", "--config", config, "--from", lived.Store)).Code);
    }

    [Fact]
    public async Task ANodeThatIsAtWorkIsNeitherMigratedNorRestored()
    {
        var folder = Path.GetDirectoryName(lived.New("x"))!;
        var config = await ConfiguredAsync(folder, Server, "");
        await Tool.DoneAsync("migrate", lived.Store, Server);
        string[] migrate = ["migrate", Server, lived.New("to.db"), "--config", config];
        using (FileLock.TryTake(Path.Combine(folder, "data", "default", "node.lock")))
        {
            Assert.Contains("is at work in", await Tool.RefusedAsync(migrate), StringComparison.Ordinal);
            Assert.Contains("is at work in", (await Tool.CommandAsync("restore", "--config", config, "--from", lived.Store)).Error, StringComparison.Ordinal);
        }

        await Tool.DoneAsync(migrate);
    }

    /// <summary>Channel key and configuration of the node whose journal this is; the configuration's path.</summary>
    private static async Task<string> ConfiguredAsync(string folder, string journal, string replica, int key = 1)
    {
        var keyFile = Path.Combine(folder, "channel.key");
        await using (var file = OwnerOnly.ReplaceFile(keyFile))
        {
            await file.WriteAsync(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(TestKeys.Key(key))));
        }

        Directory.CreateDirectory(Path.Combine(folder, "data", "default"));
        var config = Path.Combine(folder, "nitro.json");
        await File.WriteAllTextAsync(config, $$"""
            {
              "chain": { "url": "ws://127.0.0.1:8545" },
              "contracts": { "adjudicator": "0x00000000000000000000000000000000000000c3", "consensusApp": "0x00000000000000000000000000000000000000c1", "virtualPaymentApp": "0x00000000000000000000000000000000000000c2" },
              "dataDirectory": "{{folder}}/data",
              "journal": "{{journal}}", "journalReplica": "{{replica}}",
              "keys": { "channelKeyFile": "{{keyFile}}" },
              "rpc": { "listen": "" }
            }
            """);
        return config;
    }

    /// <summary>A record as that writer would have written it.</summary>
    private void Write(long position, JournalRecord like, string writer)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"channel":"0x{{new string('d', 64)}}","height":1}""");
        var proposed = new RecordEncoder(Stream, writer).Encode(position, [new JournalEntry(like.AtMicros, "HoldingsDoubted", 1, body)], lived.EpochStart, (_, _) => string.Empty)[0];
        var stored = new StoredEvent(
            proposed.Id, "", 0, proposed.Type, proposed.IsJson, ByteString.CopyFrom(proposed.Metadata.Span), ByteString.CopyFrom(proposed.Data.Span), 0, 0);
        cluster.Database.Append(Stream, Expectation.Any, [stored]);
    }

    private async Task<EventStoreJournal> OpenAsync() => await EventStoreJournal.OpenAsync(
        new EventStoreJournalOptions { Settings = EventStoreSettings.Parse(Server), Owner = lived.Owner, RetryFor = TimeSpan.FromSeconds(1) }, CancellationToken.None);
}
