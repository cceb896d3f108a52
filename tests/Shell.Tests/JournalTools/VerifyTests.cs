using System.Text;
using Nitro.Journal;
using Nitro.Ports;
using Nitro.Shell.Tests.Host;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>A sound journal is called sound, and every kind of damage is found and named by position and cause.</summary>
public sealed class VerifyTests(LivedJournal lived) : IClassFixture<LivedJournal>
{
    [Fact]
    public async Task ALivedJournalHoldsWithAllItsEpochs()
    {
        var told = await Tool.DoneAsync("verify", "-j", lived.Store);

        Assert.Contains("Everything holds.", told, StringComparison.Ordinal);
        Assert.Contains($"{lived.Records.Count:N0} ", told, StringComparison.Ordinal);
        var openings = lived.Records.Count(record => record.Type == NodeHistory.OpeningType);
        Assert.True(openings >= 1);
        Assert.Contains($"{openings:N0}, {openings:N0} ", told, StringComparison.Ordinal);
        Assert.Contains("VoucherIssued", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItIsReadBesideTheNodeThatWritesIt()
    {
        using var world = new TestWorld();
        var path = lived.New("journal.db");
        await using var alice = await TestNode.StartAsync(world, TestKeys.Key(1), new MemoryJournal(), await lived.OpenAsync(path));
        await using var irene = await TestNode.StartAsync(world, 2);
        var opened = await alice.CallAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, irene.Address, 10, 10));
        await alice.ObjectiveAsync(opened.GetProperty("Id").GetString()!, "Completed");

        Assert.Contains("Everything holds.", await Tool.DoneAsync("verify", "-j", path), StringComparison.Ordinal);
        Assert.Contains("in use", await Tool.RefusedAsync("compact", lived.New("a.jsonl"), "-j", path), StringComparison.Ordinal);
        Assert.Contains("in use", await Tool.RefusedAsync("migrate", path, lived.New("b.db")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE record SET body = x'00' WHERE position = 7", "Record 7 ", "checksum")]
    [InlineData("DELETE FROM record WHERE position = 7", "Record 7 ", "missing")]
    [InlineData("DELETE FROM record WHERE position < 7", "begins with record 7", "--archive")]
    [InlineData("UPDATE meta SET value = '3' WHERE key = 'epoch'", "begins at 3", "begins at ")]
    [InlineData("UPDATE meta SET value = '2' WHERE key = 'schema'", "its schema is 2", "Run the version")]
    [InlineData("DROP TABLE record", "something else", "Check the path")]
    [InlineData("UPDATE meta SET value = 'nobody' WHERE key = 'owner'", "'nobody'", "address")]
    public async Task MeddlingIsFoundAndNamed(string sql, string where, string why)
    {
        var copy = lived.Copy();
        LivedJournal.Meddle(copy, sql);

        var refused = await Tool.RefusedAsync("verify", "-j", copy);

        Assert.Contains(where, refused, StringComparison.Ordinal);
        Assert.Contains(why, refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AForeignATruncatedAndAnAbsentFileAreNamed()
    {
        var foreign = lived.New("journal.db");
        await File.WriteAllTextAsync(foreign, "Dear journal, today I was a text.");
        Assert.Contains("not a database", await Tool.RefusedAsync("verify", "-j", foreign), StringComparison.Ordinal);

        var json = lived.New("journal.jsonl");
        await File.WriteAllTextAsync(json, "{\"some\":\"object\"}\n");
        Assert.Contains("no journal file", await Tool.RefusedAsync("verify", "-j", json), StringComparison.Ordinal);

        var copy = lived.Copy();
        await using (var file = File.OpenWrite(copy))
        {
            file.SetLength(file.Length / 2);
        }

        Assert.Contains(copy, await Tool.RefusedAsync("verify", "-j", copy), StringComparison.Ordinal);
        Assert.Contains("There is no journal", await Tool.RefusedAsync("verify", "-j", lived.New("none.db")), StringComparison.Ordinal);
        Assert.Contains("No store is called 'ftp'", await Tool.RefusedAsync("verify", "-j", "ftp://somewhere"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASignatureOfAnotherIsFound()
    {
        var issued = lived.Records.Last(record => record.Type == "VoucherIssued" && record.Position < lived.EpochStart);
        var other = lived.Records.First(record => record.Type == "VoucherIssued");
        var store = await lived.WithAsync(
            record => LivedJournal.Entry(record.Position == issued.Position ? record with { Body = Signed(issued.Body, other.Body) } : record), lived.EpochStart);

        var refused = await Tool.RefusedAsync("verify", "-j", store);

        Assert.Contains($"Record {issued.Position} (VoucherIssued): the voucher of", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ObjectiveEndedInGlory", 1, "no fact is called")]
    [InlineData("Woken", 2, "reads version 1 only")]
    [InlineData("Woken", 1, "expected")]
    public async Task ARecordThatCannotBeReadIsNamed(string type, int version, string why)
    {
        var store = await lived.WithAsync(record => LivedJournal.Entry(record.Position == 9 ? record with { Type = type, Version = version } : record));

        var refused = await Tool.RefusedAsync("verify", "-j", store);

        Assert.Contains("Record 9 ", refused, StringComparison.Ordinal);
        Assert.Contains(why, refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnOpeningThatForgetsAndAnOpeningThatIsCutOffAreFound()
    {
        var request = lived.Records.First(record => record.Position > lived.EpochStart && record.Type == "RequestRestated" && Encoding.UTF8.GetString(record.Body.Span).Contains("payment-number", StringComparison.Ordinal));
        var changed = await lived.WithAsync(
            record => LivedJournal.Entry(record.Position == request.Position ? record with { Body = Replaced(record.Body, "payment-number", "payment-nomber") } : record),
            lived.EpochStart);
        Assert.Contains("does not give what everything before it gave: requests", await Tool.RefusedAsync("verify", "-j", changed), StringComparison.Ordinal);

        var cut = await lived.WithAsync(record => record.Position < lived.EpochStart + 2 ? LivedJournal.Entry(record) : null, lived.EpochStart);
        Assert.Contains("The opening of epoch", await Tool.RefusedAsync("verify", "-j", cut), StringComparison.Ordinal);
    }

    [Fact]
    public async Task APromiseThatEndsTwiceIsFound()
    {
        var finished = lived.Records.Last(record => record.Type == "IntentFinished" && record.Position < lived.EpochStart);
        var store = await lived.WithAsync(record => record.Position < lived.EpochStart ? LivedJournal.Entry(record) : null);
        await using (var journal = await lived.OpenAsync(store))
        {
            await LivedJournal.AppendAsync(journal, [LivedJournal.Entry(finished) with { AtMicros = 5 }]);
        }

        var refused = await Tool.RefusedAsync("verify", "-j", store);

        Assert.Contains($"Record {lived.EpochStart} (IntentFinished)", refused, StringComparison.Ordinal);
        Assert.Contains("was not open", refused, StringComparison.Ordinal);
        Assert.Contains("its time", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AHundredThousandRecordsAreReadInLittleMemory()
    {
        const int Count = 100_000;
        var store = await lived.WithAsync(record => LivedJournal.Entry(record), lived.EpochStart);
        var last = lived.Records[^1].AtMicros;
        var woken = Encoding.UTF8.GetBytes($$"""{"kind":"retelling","peer":"{{TestKeys.AddressOf(TestKeys.Key(9))}}"}""");
        await using (var journal = await lived.OpenAsync(store))
        {
            await LivedJournal.AppendAsync(journal, Enumerable.Range(0, Count).Select(_ => new JournalEntry(last, "Woken", 1, woken)));
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var sampled = new MemorySample();
        var told = await Tool.DoneAsync("verify", "-j", store);

        Assert.Contains($"{lived.Records.Count + Count:N0} ", told, StringComparison.Ordinal);
        Assert.InRange(sampled.Peak - before, 0, 64 * 1024 * 1024);
    }

    /// <summary>One voucher's body with the signature of another's.</summary>
    private static byte[] Signed(ReadOnlyMemory<byte> body, ReadOnlyMemory<byte> other)
    {
        static string Signature(ReadOnlyMemory<byte> json) => System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("signature").GetString()!;
        return Replaced(body, Signature(body), Signature(other));
    }

    private static byte[] Replaced(ReadOnlyMemory<byte> body, string text, string other)
    {
        var was = Encoding.UTF8.GetString(body.Span);
        Assert.Contains(text, was, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(was.Replace(text, other, StringComparison.Ordinal));
    }
}
