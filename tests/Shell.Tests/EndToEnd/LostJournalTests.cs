using Microsoft.Extensions.DependencyInjection;
using Nitro.Cli;
using Nitro.Host.Options;
using Nitro.Host.Link;
using Nitro.JsonRpc;
using Nitro.Shell.Tests.JournalTools;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A journal that is lost, or set back to an older copy, while the marks survive: nothing is ever signed twice, and the node runs on.</summary>
public sealed class LostJournalTests(Lab lab) : IClassFixture<Lab>
{
    private static readonly string[] Way = ["alice", "irene", "bob"];
    private readonly LinkTap _tap = new();

    [Fact]
    public async Task ALedgerTurnIsNotSignedTwiceAfterTheJournalWasSetBack()
    {
        await using var world = await World.BuildAsync(lab, Way);
        await StartAsync(world);
        await OpenLedgersAsync(world);
        await SaveAsync(world, "alice");
        var first = await world.OpenPaymentsAsync(Way, 1_000);
        await world.PayAsync("alice", first, 5);
        await SetBackAsync(world, "alice");

        // Alice's ledger is at an older turn now: what she proposes next she has proposed otherwise before.
        var again = await world.ProposePaymentsAsync(Way, 2_000);
        var rejected = await world.ReachesAsync("alice", again.Objective, "Rejected");

        Assert.Equal("no-double-sign", rejected.GetProperty("Reason").GetString());
        await Assert.ThrowsAsync<RpcError>(() => world.PayAsync("alice", first, 1));
        await NodeRunsOnAsync(world);
        Assert.Empty(_tap.SignedTwice);
        Assert.True(_tap.Turns > 20, $"{_tap.Turns}");
    }

    [Fact]
    public async Task AVoucherIsNotSignedForLessAfterTheJournalWasSetBack()
    {
        await using var world = await World.BuildAsync(lab, Way);
        await StartAsync(world);
        await OpenLedgersAsync(world);
        var channel = await world.OpenPaymentsAsync(Way, 1_000);
        await world.PayAsync("alice", channel, 5);
        await SaveAsync(world, "alice");
        await world.PayAsync("alice", channel, 20);
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 25, world.Token);
        await SetBackAsync(world, "alice");

        var refused = await Assert.ThrowsAsync<RpcError>(() => world.PayAsync("alice", channel, 1));

        Assert.Equal("voucher-increasing", refused.Tag);
        Assert.False(string.IsNullOrEmpty(refused.Next), refused.Message);
        Assert.Equal(25, await world.PaidAsync("bob", channel));
        await NodeRunsOnAsync(world);
        Assert.Empty(_tap.SignedTwice);
    }

    [Fact]
    public async Task ANodeWithoutItsJournalDoesNotBeginAnewBesideItsMarks()
    {
        await using var world = await World.BuildAsync(lab, Way);
        await StartAsync(world);
        await OpenLedgersAsync(world);
        var channel = await world.OpenPaymentsAsync(Way, 1_000);
        await world.PayAsync("alice", channel, 5);
        await world.StopAsync();
        Delete(world, "alice");

        var refusal = await Assert.ThrowsAnyAsync<NodeOptionsException>(() => StartAsync(world));
        Assert.Contains("its signer remembers 2 channels", refusal.Message, StringComparison.Ordinal);

        var restored = await Tool.CommandAsync("restore", "--config", world.ConfigFile, "--tenant", "alice", "--from", "peers");
        Assert.True(restored.Code == 0, restored.Error);
        await StartAsync(world);
        await Wait.UntilAsync(
            async () => (await world["alice"].CallAsync("get_all_ledger_channels", null, null, world.Token)).GetArrayLength() == 1, world.Token);
        await NodeRunsOnAsync(world);
        Assert.Empty(_tap.SignedTwice);
    }

    [Fact]
    public async Task AnOlderCopyThatWasPutBackByHandIsRefusedUntilItIsRestored()
    {
        await using var world = await World.BuildAsync(lab, Way);
        await StartAsync(world);
        await OpenLedgersAsync(world);
        await SaveAsync(world, "alice");
        var channel = await world.OpenPaymentsAsync(Way, 1_000);
        await world.PayAsync("alice", channel, 5);
        await world.StopAsync();
        var copy = Journal(world, "alice") + ".copy";
        Delete(world, "alice");
        File.Copy(copy, Journal(world, "alice"));

        await StartAsync(world);
        Assert.Contains("witness.json is of a journal with record", world.Log.Text, StringComparison.Ordinal);
        await world.StopAsync();

        Delete(world, "alice");
        string[] restore = ["restore", "--config", world.ConfigFile, "--tenant", "alice", "--from", copy];
        Assert.Contains("is not complete", (await Tool.CommandAsync([.. restore, "--complete"])).Error, StringComparison.Ordinal);
        var restored = await Tool.CommandAsync(restore);
        Assert.True(restored.Code == 0, restored.Error);
        await StartAsync(world);
        await Wait.UntilAsync(
            async () => (await world["alice"].CallAsync("get_all_ledger_channels", null, null, world.Token)).GetRawText() is var told
                && !told.Contains("MayBeStale\":true", StringComparison.Ordinal)
                && (await world["alice"].CallAsync("get_payment_channels_by_ledger", json => json.WriteString("LedgerId", Ledger(told)), null, world.Token)).GetArrayLength() == 1,
            world.Token);
        await world.PayAsync("alice", channel, 1);
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) == 6, world.Token);
        Assert.Empty(_tap.SignedTwice);
        static string Ledger(string told) => System.Text.Json.JsonDocument.Parse(told).RootElement[0].GetProperty("ID").GetString()!;
    }

    [Fact]
    public async Task DepositsAreMadeAfterTheJournalWasSetBackBehindTheChainStore()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await StartAsync(world);
        var token = await world.OpenLedgerAsync("alice", "bob", 5, 5, lab.Token);
        await SaveAsync(world, "alice");
        var first = await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, 0);
        await world.CloseLedgerAsync("alice", first, "alice", "bob");
        await SetBackAsync(world, "alice");

        // The chain store beside the journal knows calls under effect ids that the journal will give away again.
        var second = await world.OpenLedgerAsync("alice", "bob", 2 * Amounts.Ether, 0);
        await world.CloseLedgerAsync("bob", second, "alice", "bob");
        await world.CloseLedgerAsync("alice", token, "alice", "bob");
        Assert.Equal(Lab.Grant, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token));
    }

    [Fact]
    public async Task WhatTheChainShowedBeforeTheJournalWasSetBackIsReadAgain()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        world.Config["chain"]!["confirmations"] = 256;
        await StartAsync(world);
        var opening = await world.ProposeLedgerAsync("alice", "bob", Amounts.Ether, Amounts.Ether);
        await Wait.UntilAsync(async () => await lab.Node.BalanceAsync(world["alice"].ChainAccount, world.Token) < Lab.Grant, world.Token);
        world.Config["chain"]!["confirmations"] = 1;
        await SaveAsync(world, "alice");
        await world.CompletedAsync(opening.Objective, "alice", "bob");
        await SetBackAsync(world, "alice");

        // The deposit is not made again, and both are seen. For Bob the opening is over; asked again he answers with his signature.
        await world.CompletedAsync(opening.Objective, "alice");
        Assert.Equal(Lab.Grant - Amounts.Ether, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token));
        await world.CloseLedgerAsync("alice", opening.Channel, "alice", "bob");
        Assert.Equal(Lab.Grant, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token));
        Assert.Empty(_tap.SignedTwice);
    }

    private static async Task OpenLedgersAsync(World world) => await Task.WhenAll(
        world.OpenLedgerAsync("alice", "irene", Amounts.Ether, Amounts.Ether), world.OpenLedgerAsync("irene", "bob", Amounts.Ether, Amounts.Ether));

    private Task StartAsync(World world)
    {
        _tap.Renew();
        return world.StartAsync(services => services.AddSingleton<IPeerLinkFactory>(_tap));
    }

    private async Task SaveAsync(World world, string name)
    {
        await world.StopAsync();
        File.Copy(Journal(world, name), Journal(world, name) + ".copy");
        await StartAsync(world);
    }

    private async Task SetBackAsync(World world, string name)
    {
        await world.StopAsync();
        Delete(world, name);
        File.Copy(Journal(world, name) + ".copy", Journal(world, name));
        File.Delete(Path.Combine(world.FolderOf(world[name]), "witness.json")); // With it the node would not start.
        await StartAsync(world);
    }

    private static void Delete(World world, string name)
    {
        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            File.Delete(Journal(world, name) + suffix);
        }
    }

    private static string Journal(World world, string name) => Path.Combine(world.FolderOf(world[name]), "journal.db");

    /// <summary>Everybody answers, and who lost nothing goes on with whom lost nothing.</summary>
    private static async Task NodeRunsOnAsync(World world)
    {
        Assert.DoesNotContain("STOPPED", world.Log.Text);
        await world["alice"].CallAsync("get_all_ledger_channels", null, null, world.Token);
        var channel = await world.OpenPaymentsAsync(["bob", "irene"], 100);
        await world.PayAsync("bob", channel, 3);
        await world.ClosePaymentsAsync("irene", channel, "irene", "bob");
    }
}
