using System.Numerics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Nitro.Cli;
using Nitro.Host.Link;
using Nitro.JsonRpc;
using Nitro.Shell.Tests.JournalTools;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>
/// A node whose journal was restored from an older copy, while its signer's memory is the newest: it asks its peers, takes over what it had signed and
/// forgotten, and then goes on as if nothing had happened. Nothing is signed twice, and every wei comes out right.
/// </summary>
public sealed class RestoredJournalTests(Lab lab) : IClassFixture<Lab>
{
    private static readonly string[] Way = ["alice", "irene", "bob"];
    private static readonly BigInteger Funds = Amounts.Ether / 10;
    private readonly LinkTap _tap = new();

    [Theory]
    [InlineData("alice")]
    [InlineData("irene")]
    [InlineData("bob")]
    public async Task AChannelThatWasOpenedAndPaidOnAfterTheCopyIsTakenOver(string loser)
    {
        await using var world = await World.BuildAsync(lab, Way);
        await StartAsync(world);
        var (left, right) = await OpenLedgersAsync(world);
        await CopyAsync(world, loser);
        var channel = await OpenPaidAsync(world);

        await RestoreAsync(world, loser);
        await ConfirmedAsync(world, loser);
        await KnownAsync(world, loser, channel);

        await world.PayAsync("alice", channel, 1);
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 6, world.Token);
        var second = await world.OpenPaymentsAsync(Way, Funds);
        await world.PayAsync("alice", second, 10);
        await world.ClosePaymentsAsync("alice", second, Way);
        await world.ClosePaymentsAsync("bob", channel, Way);
        await EndAsync(world, left, right, paid: 16);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("irene")]
    [InlineData("bob")]
    public async Task AChannelThatWasClosedAfterTheCopyIsClosed(string loser)
    {
        await using var world = await World.BuildAsync(lab, Way);
        await StartAsync(world);
        var (left, right) = await OpenLedgersAsync(world);
        var channel = await world.OpenPaymentsAsync(Way, Funds);
        await world.PayAsync("alice", channel, 5);
        await CopyAsync(world, loser);
        await world.PayAsync("alice", channel, 20);
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 25, world.Token);
        await world.ClosePaymentsAsync("alice", channel, Way);

        await RestoreAsync(world, loser);
        await ConfirmedAsync(world, loser);

        if (loser != "irene")
        {
            // Its ledger has done with it, so it is in no list: it alone can say whether it is in doubt.
            await Wait.UntilAsync(async () => !await MayBeStaleAsync(world, loser, "get_payment_channel", channel), world.Token);
            Assert.Equal(25, await world.PaidAsync(loser, channel));
        }

        await EndAsync(world, left, right, paid: 25);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("irene")]
    [InlineData("bob")]
    public async Task LedgersThatWereOpenedAfterTheCopyComeBackFromWhoeverIsThere(string loser)
    {
        await using var world = await World.BuildAsync(lab, Way);
        await StartAsync(world);
        await CopyAsync(world, loser);
        var (left, right) = await OpenLedgersAsync(world);
        var channel = await OpenPaidAsync(world);

        await RestoreAsync(world, loser);
        await CarryOnAsync(world, loser, channel, closer: "bob");
        await EndAsync(world, left, right, paid: 6);
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("irene")]
    [InlineData("bob")]
    public async Task ANodeWithoutAnyCopyIsGivenBackWhatItsPeersHave(string loser)
    {
        await using var world = await World.BuildAsync(lab, Way);
        await StartAsync(world);
        var (left, right) = await OpenLedgersAsync(world);
        var channel = await OpenPaidAsync(world);

        await RestoreFromAsync(world, loser, "peers");
        await CarryOnAsync(world, loser, channel, closer: "alice");
        await EndAsync(world, left, right, paid: 6);
    }

    [Fact]
    public async Task UntilThePeerHasSpokenItIsShownAndNothingIsRisked()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await StartAsync(world);
        var ledger = await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, Amounts.Ether);
        var channel = await world.OpenPaymentsAsync(["alice", "bob"], Funds);
        await CopyAsync(world, "alice");
        await world.PayAsync("alice", channel, 7);
        await world.StopAsync();
        var bob = world.Config["tenants"]!["bob"]!.DeepClone();
        world.Config["tenants"]!.AsObject().Remove("bob");
        await RestoreAsync(world, "alice");

        Assert.True(await MayBeStaleAsync(world, "alice", "get_ledger_channel", ledger));
        Assert.True(await MayBeStaleAsync(world, "alice", "get_payment_channel", channel));
        Assert.Contains("MayBeStale", (await world["alice"].CallAsync("get_all_ledger_channels", null, null, world.Token)).GetRawText(), StringComparison.Ordinal);
        var pay = await Assert.ThrowsAsync<RpcError>(() => world.PayAsync("alice", channel, 1));
        Assert.Equal("may-be-stale", pay.Tag);
        Assert.Contains("connected", pay.Next, StringComparison.Ordinal);
        var open = await Assert.ThrowsAsync<RpcError>(() => world.ProposePaymentsAsync(["alice", "bob"], 1_000));
        Assert.Contains("may-be-stale", open.Message, StringComparison.Ordinal);
        foreach (var (method, id) in new[] { ("close_payment_channel", channel), ("close_ledger_channel", ledger) })
        {
            var close = await Assert.ThrowsAsync<RpcError>(() => world["alice"].CallAsync(method, json => json.WriteString("ChannelId", id), null, world.Token));
            Assert.True(close.Tag is "may-be-stale" or "running-guarantees", close.Tag);
        }

        await world.StopAsync();
        world.Config["tenants"]!["bob"] = bob;
        await StartAsync(world);
        await ConfirmedAsync(world, "alice");
        Assert.Equal(7, await world.PaidAsync("alice", channel));
        await world.PayAsync("alice", channel, 1);
        await world.ClosePaymentsAsync("alice", channel, "alice", "bob");
        await world.CloseLedgerAsync("alice", ledger, "alice", "bob");
        Assert.Equal(Lab.Grant - 8, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token));
        Assert.Empty(_tap.SignedTwice);
    }

    [Fact]
    public async Task ACopyThatIsKnownToBeWholeIsNotDoubted()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await StartAsync(world);
        var ledger = await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, 0);
        await world.StopAsync();
        File.Copy(Journal(world, "alice"), Copy(world, "alice"));
        await RestoreAsync(world, "alice", "--complete");
        Assert.False(await MayBeStaleAsync(world, "alice", "get_ledger_channel", ledger));
        await world.CloseLedgerAsync("alice", ledger, "alice", "bob");
    }

    [Fact]
    public async Task WhereThereIsNoCopyNoneIsCalledWholeAndAJournalThatIsThereStays()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await StartAsync(world);
        await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, 0);
        await world.StopAsync();
        string[] restore = ["restore", "--config", world.ConfigFile, "--tenant", "alice", "--from", "peers"];

        var whole = await Tool.CommandAsync([.. restore, "--complete"]);
        Assert.Equal(1, whole.Code);
        Assert.Contains("leave out --complete", whole.Error, StringComparison.Ordinal);
        var before = await File.ReadAllBytesAsync(Journal(world, "alice"));
        var again = await Tool.CommandAsync(restore);
        Assert.Equal(1, again.Code);
        Assert.Contains("journal", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Journal(world, "alice")));
    }

    private static async Task<string> OpenPaidAsync(World world)
    {
        var channel = await world.OpenPaymentsAsync(Way, Funds);
        await world.PayAsync("alice", channel, 5);
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 5, world.Token);
        return channel;
    }

    private static async Task CarryOnAsync(World world, string restored, string channel, string closer)
    {
        await KnownAsync(world, restored, channel);
        await ConfirmedAsync(world, restored);
        await world.PayAsync("alice", channel, 1);
        await world.ClosePaymentsAsync(closer, channel, Way);
    }

    private static async Task<(string Left, string Right)> OpenLedgersAsync(World world)
    {
        var ledgers = await Task.WhenAll(
            world.OpenLedgerAsync("alice", "irene", Amounts.Ether, Amounts.Ether), world.OpenLedgerAsync("irene", "bob", Amounts.Ether, Amounts.Ether));
        return (ledgers[0], ledgers[1]);
    }

    private static async Task<bool> MayBeStaleAsync(World world, string party, string method, string id)
    {
        var told = await world[party].CallAsync(method, json => json.WriteString("Id", id), null, world.Token);
        return told.TryGetProperty("MayBeStale", out var stale) && stale.GetBoolean();
    }

    /// <summary>A channel that was opened after the copy is there, and confirmed. It shows only once its ledger was taken over.</summary>
    private static Task KnownAsync(World world, string party, string channel) => Wait.UntilAsync(
        async () =>
        {
            try
            {
                return !await MayBeStaleAsync(world, party, "get_payment_channel", channel);
            }
            catch (RpcError unknown) when (unknown.Tag == "unknown-channel")
            {
                return false;
            }
        },
        world.Token);

    /// <summary>No channel is in doubt any more.</summary>
    private static async Task ConfirmedAsync(World world, string party)
    {
        var told = default(JsonElement);
        try
        {
            await Wait.UntilAsync(
                async () =>
                {
                    var ledgers = await world[party].CallAsync("get_all_ledger_channels", null, null, world.Token);
                    var payments = new List<string>();
                    foreach (var ledger in ledgers.EnumerateArray())
                    {
                        told = await world[party].CallAsync("get_payment_channels_by_ledger", json => json.WriteString("LedgerId", ledger.GetProperty("ID").GetString()), null, world.Token);
                        payments.Add(told.GetRawText());
                    }

                    return !ledgers.GetRawText().Contains("MayBeStale", StringComparison.Ordinal) && !payments.Exists(text => text.Contains("MayBeStale", StringComparison.Ordinal));
                },
                world.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"{party} is still in doubt: {told}\n{world.Log.Text}\n{world.Journals()}", e);
        }
    }

    private async Task EndAsync(World world, string left, string right, BigInteger paid)
    {
        await world.CloseLedgerAsync("alice", left, "alice", "irene");
        await world.CloseLedgerAsync("irene", right, "irene", "bob");
        Assert.Equal(("alice", Lab.Grant - paid), ("alice", await lab.WealthAsync(world["alice"], world.StartBlock, world.Token)));
        Assert.Equal(("irene", Lab.Grant), ("irene", await lab.WealthAsync(world["irene"], world.StartBlock, world.Token)));
        Assert.Equal(("bob", Lab.Grant + paid), ("bob", await lab.WealthAsync(world["bob"], world.StartBlock, world.Token)));
        Assert.Empty(_tap.SignedTwice);
        Assert.DoesNotContain("STOPPED", world.Log.Text);
    }

    private Task StartAsync(World world)
    {
        _tap.Renew();
        return world.StartAsync(services => services.AddSingleton<IPeerLinkFactory>(_tap));
    }

    private async Task CopyAsync(World world, string name)
    {
        await world.StopAsync();
        File.Copy(Journal(world, name), Copy(world, name));
        await StartAsync(world);
    }

    private Task RestoreAsync(World world, string name, params string[] flags) => RestoreFromAsync(world, name, Copy(world, name), flags);

    private async Task RestoreFromAsync(World world, string name, string from, params string[] flags)
    {
        await world.StopAsync();
        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            File.Delete(Journal(world, name) + suffix);
        }

        var restored = await Tool.CommandAsync(["restore", "--config", world.ConfigFile, "--tenant", name, "--from", from, .. flags]);
        Assert.True(restored.Code == 0, restored.Error);
        await StartAsync(world);
    }

    private static string Journal(World world, string name) => Path.Combine(world.FolderOf(world[name]), "journal.db");

    /// <summary>Not among the tenants' folders.</summary>
    private static string Copy(World world, string name) => Path.Combine(Path.GetDirectoryName(world.ConfigFile)!, $"{name}.copy.db");
}
