using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Nitro.FakeEventStore;
using Nitro.Ports;
using Nitro.Shell.Tests.Journal;
using Nitro.Shell.Tests.JsonRpc;
using Xunit;

namespace Nitro.Shell.Tests.EventStore;

/// <summary>npm's @eventstore/db-client: the fake server is one to it, and what a journal wrote says something to it.</summary>
public sealed class NpmClientTests
{
    [Fact]
    public async Task The_fake_server_keeps_the_rules_that_an_independent_client_checks()
    {
        await using var cluster = await FakeCluster.StartAsync();
        Assert.Equal("ok", (await RunAsync(cluster.ConnectionString, "check")).Trim());
    }

    [Fact]
    public async Task An_independent_client_reads_what_a_journal_wrote()
    {
        await using var journals = await Journals.StartAsync();
        await using var journal = await journals.OpenAsync();
        JournalEntry[] entries =
        [
            Json(10, "PaymentReserved", """{"request":"r","channel":"0xc1","amount":"5"}"""),
            Json(10, "IntentRecorded", """{"kind":"signVoucher","channel":"0xc1","total":"25"}"""),
            Json(20, "IntentFinished", """{"effect":1,"finish":"kept"}"""),
            Json(30, "ObjectiveEnded", """{"objective":"VirtualDefund-0xc1","ending":"completed"}"""),
            Json(40, "ObjectiveOpened", """{"goal":{"kind":"directFund","channel":"0xc2"},"origin":"own"}"""),
            new(50, "Zahlung äöü", 3, new byte[] { 0, 255, 7 }),
            new(50, "Empty", 1, ReadOnlyMemory<byte>.Empty),
            Json(60, "NoObject", "[1]"),
            Json(60, "Broken", """{"a":"""),
        ];
        await Samples.Appended(journal, 0, entries, entries.Length);

        var lines = (await RunAsync(journals.Cluster.ConnectionString, "read", Journals.Stream)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var events = lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();

        Assert.Equal(entries.Select(entry => entry.Type), events.Select(each => each.GetProperty("type").GetString()));
        Assert.Equal(Enumerable.Range(0, entries.Length), events.Select(each => each.GetProperty("revision").GetInt32()));
        Assert.Equal([true, true, true, true, true, false, false, false, false], events.Select(each => each.GetProperty("isJson").GetBoolean()));
        Assert.Equal(["0xc1", "0xc1", "", "0xc1", "0xc2", "", "", "", ""], events.Select(each => Metadata(each, "$correlationId")));
        Assert.Equal(
            ["", $"0@{Journals.Stream}", $"1@{Journals.Stream}", "", "", "", $"5@{Journals.Stream}", "", $"7@{Journals.Stream}"],
            events.Select(each => Metadata(each, "$causationId")));
        Assert.Equal("25", events[1].GetProperty("data").GetProperty("total").GetString());
        Assert.Equal("00ff07", events[5].GetProperty("data").GetString());
        Assert.All(events, each => Assert.Equal((1, 0), (Number(each, "form"), Number(each, "epoch"))));
        Assert.Equal(entries.Select(entry => (entry.AtMicros, entry.Version)), events.Select(each => (Number(each, "at"), (int)Number(each, "version"))));
        Assert.All(events, each => Assert.StartsWith($"{Environment.MachineName}/{Environment.ProcessId}/", Metadata(each, "writer"), StringComparison.Ordinal));
    }

    private static JournalEntry Json(long at, string type, string body) => new(at, type, 1, Encoding.UTF8.GetBytes(body));

    private static string Metadata(JsonElement stored, string name) =>
        stored.GetProperty("metadata").TryGetProperty(name, out var value) ? value.GetString()! : "";

    private static long Number(JsonElement stored, string name) => stored.GetProperty("metadata").GetProperty(name).GetInt64();

    private static async Task<string> RunAsync(params string[] arguments)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var devnet = Path.Combine(Repository.Root, "tests", "devnet");
        Assert.True(Directory.Exists(Path.Combine(devnet, "node_modules", "@eventstore", "db-client")), $"the client is absent: run 'npm ci' in {devnet}");
        var script = Path.Combine(Repository.Root, "tests", "Shell.Tests", "EventStore", "eventstore-peer.mjs");
        using var client = Process.Start(new ProcessStartInfo("node", [script, devnet, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        })!;
        var told = client.StandardOutput.ReadToEndAsync(limit.Token);
        var complaints = client.StandardError.ReadToEndAsync(limit.Token);
        await client.WaitForExitAsync(limit.Token);
        Assert.True(client.ExitCode == 0, await complaints);
        return await told;
    }
}
