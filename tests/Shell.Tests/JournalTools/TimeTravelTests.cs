using System.Globalization;
using System.Text;
using System.Text.Json;
using Nitro.Journal;
using Nitro.Shell.Tests.Host;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>What a node was at a position or a time is what replaying everything up to there gives; and its story is told.</summary>
public sealed class TimeTravelTests(LivedJournal lived) : IClassFixture<LivedJournal>
{
    [Fact]
    public async Task AtAnyPositionItIsWhatReplayingFromTheStartGives()
    {
        var random = new Random(7);
        long[] positions = [0, 1, lived.EpochStart - 1, lived.Records.Count - 1, .. Enumerable.Range(0, 12).Select(_ => random.NextInt64(lived.Records.Count))];
        foreach (var position in positions)
        {
            var node = Replayed(Whole(position));
            Assert.Equal(
                Encoding.UTF8.GetString(NodeHistory.Picture(node).Span),
                (await Tool.DoneAsync("at", Text(position), "--json", "-j", lived.Store)).TrimEnd());
            Assert.Contains(Convert.ToHexStringLower(NodeHistory.Digest(node).Span), await Tool.DoneAsync("at", Text(position), "-j", lived.Store), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ATimeIsThePositionOfTheLastRecordUpToIt()
    {
        foreach (var position in (long[])[20, lived.EpochStart / 2, lived.Records.Count - 1])
        {
            var at = lived.Records[(int)position].AtMicros;
            var last = Whole(lived.Records.Last(record => record.AtMicros <= at).Position);
            var time = DateTimeOffset.UnixEpoch.AddMicroseconds(at).ToString("O", CultureInfo.InvariantCulture);
            Assert.Equal(await Tool.DoneAsync("at", Text(last), "--json", "-j", lived.Store), await Tool.DoneAsync("at", time, "--json", "-j", lived.Store));
        }

        Assert.Contains("nothing as old", await Tool.RefusedAsync("at", "1999-01-01", "-j", lived.Store), StringComparison.Ordinal);
        foreach (var none in (string[])["yesterday", "1.5", "11/12/2026", "-3"])
        {
            Assert.Contains("neither a position nor a time", await Tool.RefusedAsync("at", "-j", lived.Store, "--", none), StringComparison.Ordinal);
        }

        Assert.Contains($"ends before record {lived.Records.Count}", await Tool.RefusedAsync("at", $"{lived.Records.Count}", "-j", lived.Store), StringComparison.Ordinal);
        Assert.Equal(await Tool.DoneAsync("at", "-j", lived.Store), await Tool.DoneAsync("at", "2999-01-01 10:30", "-j", lived.Store));
    }

    [Fact]
    public async Task ATailThatShowsNothingSaysSo()
    {
        var unknown = await Tool.RunAsync("tail", "--channel", "0xnone", "-j", lived.Store);
        Assert.True(unknown is { Code: 0, Output: "" }, unknown.Output);
        Assert.Contains("none is about that", unknown.Error, StringComparison.Ordinal);

        var later = await Tool.RunAsync("tail", "--from", "1000000", "-j", lived.Store);
        Assert.Contains("Name an earlier position", later.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingOfOursComesOrGoesWhileWePay()
    {
        using var now = JsonDocument.Parse(await Tool.DoneAsync("at", "--json", "-j", lived.Store));
        var balance = Assert.Single(now.RootElement.GetProperty("Balances").EnumerateArray());
        // 1000 put in, 150 paid: the ledger keeps 500 free, and of the 500 set aside 350 are left.
        Assert.Equal(("500", "350"), (balance.GetProperty("InLedgers").GetString(), balance.GetProperty("InPayments").GetString()));
    }

    [Fact]
    public async Task AStoryIsToldFromTheProposalToTheLastVoucherWithWhatWasAwaited()
    {
        var told = await Tool.DoneAsync("why", lived.Channel, "-j", lived.Store);

        Assert.Contains("we ask for the opening of payment channel", told, StringComparison.Ordinal);
        Assert.Contains("waits for", told, StringComparison.Ordinal);
        Assert.Matches(@"took #\d+: our signature on the pre-fund state of 0x[0-9a-f]{8}…, after \d+\.\d{3} s", told);
        Assert.Contains("the opening of payment channel", told, StringComparison.Ordinal);
        Assert.Contains("we signed a voucher of 150 on", told, StringComparison.Ordinal);
        Assert.EndsWith("Nothing is awaited.", told.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(told, await Tool.DoneAsync("why", lived.Channel[..14] + "…", "-j", lived.Store));
        Assert.Equal(told, await Tool.DoneAsync("why", $"VirtualFund-{lived.Channel}", "-j", lived.Store));
    }

    [Fact]
    public async Task WhatIsNotDoneSaysWhatItWaitsFor()
    {
        using var now = JsonDocument.Parse(await Tool.DoneAsync("at", "--json", "-j", lived.Store));
        var open = now.RootElement.GetProperty("Objectives").EnumerateArray().Single(objective => objective.GetProperty("Status").GetString() == "Approved");

        var told = await Tool.DoneAsync("why", open.GetProperty("Id").GetString()!, "-j", lived.Store, "--full");

        Assert.Contains($"waits for {TestKeys.AddressOf(TestKeys.Key(4))} to take our signature on the pre-fund state", told, StringComparison.Ordinal);
        Assert.EndsWith("It goes on when that has happened.", told.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStrangeChannelAndABeginningOfSeveralAreRefused()
    {
        Assert.Contains("is about '0xdead'", await Tool.RefusedAsync("why", "0xdead", "-j", lived.Store), StringComparison.Ordinal);
        Assert.Contains("give more of it", await Tool.RefusedAsync("why", "0x", "-j", lived.Store), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheTailIsFilteredByRequestAndChannelAndGivenAsJson()
    {
        var request = await Tool.DoneAsync("tail", "--request", "payment-number-0007", "--from", "0", "--json", "-j", lived.Store);
        var types = request.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("type").GetString()).ToArray();
        Assert.Equal("PaymentReserved", types[0]);
        Assert.Contains("IntentRecorded", types);
        Assert.Contains("VoucherIssued", types);

        var channel = await Tool.DoneAsync("tail", "--channel", lived.Channel, "--from", "0", "-j", lived.Store);
        Assert.All(channel.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.DoesNotContain("ChannelAdded        ledger", line, StringComparison.Ordinal));
        Assert.Equal(20, (await Tool.DoneAsync("tail", "-j", lived.Store)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static string Text(long position) => position.ToString(CultureInfo.InvariantCulture);

    /// <summary>An epoch's opening counts as a whole.</summary>
    private long Whole(long position)
    {
        var node = Replayed(position);
        return Math.Max(position, node.EpochRestated - 1);
    }

    private NodeHandle Replayed(long position) => lived.Replayed(lived.Records.Take((int)position + 1));
}
