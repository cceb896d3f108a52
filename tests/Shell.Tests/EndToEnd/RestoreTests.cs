using System.Numerics;
using Nitro.JsonRpc;
using Nitro.Shell.Tests.Signing;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A node whose disk is lost again and again, brought back from its replica each time: nothing that was acknowledged is missing.</summary>
public sealed class RestoreTests(Lab lab) : IClassFixture<Lab>
{
    private const int Losses = 5;
    private const int Between = 12;
    private static readonly BigInteger Milli = BigInteger.Pow(10, 15);

    [Fact]
    public async Task TheDiskIsWipedAtAnyMomentAndTheNodeGoesOnFromItsReplica()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        world.WithoutKeys("alice");
        world.Config["journalReplica"] = $"sqlite:{Path.Combine(Path.GetDirectoryName(world.ConfigFile)!, "other-disk")}";
        await using var signer = world.StartSigner("alice");
        await world.StartProcessAsync();
        await world.AttachedAsync("alice", 1);
        var ledger = await world.OpenLedgerAsync("alice", "bob", 10 * Milli, 10 * Milli);
        var channel = await world.OpenPaymentsAsync(["alice", "bob"], Milli);
        var dice = new Random(11);
        for (var loss = 0; loss < Losses; loss++)
        {
            var paying = Task.WhenAll(Enumerable.Range(loss * Between, Between).Select(number => PayAsync(world, channel, number)));
            await Task.Delay(dice.Next(60), world.Token); // The moment at which the disk fails, whatever is under way.
            await world.Process!.KillAsync(world.Token);
            await paying;
            Directory.Delete(world.FolderOf(world["alice"]), recursive: true);

            await RefusesAsync(world);
            await using (var restore = NodeProcess.Start(["restore", "--config", world.ConfigFile, "--tenant", "alice"]))
            {
                Assert.True(await restore.EndAsync(world.Token) == 0, restore.Error);
            }

            await world.StartProcessAsync();
            await world.AttachedAsync("alice", 1);
            await Wait.UntilAsync(async () => await world["alice"].CallAsync("get_payment_channel", json => json.WriteString("Id", channel), null, world.Token) is var told
                && !(told.TryGetProperty("MayBeStale", out var stale) && stale.GetBoolean()), world.Token); // Bob says what he holds.
            for (var number = loss * Between; number < (loss + 1) * Between; number++)
            {
                await world.PayAsync("alice", channel, 1, RequestId(number));
            }

            var paid = (loss + 1) * Between;
            await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) >= paid, world.Token);
            Assert.Equal(paid, await world.PaidAsync("bob", channel));
        }

        await world.ClosePaymentsAsync("alice", channel, "alice", "bob");
        await world.CloseLedgerAsync("bob", ledger, "alice", "bob");
        Assert.Equal((10 * Milli) + (Losses * Between), await lab.Node.BalanceAsync(world["bob"].Address, world.Token));
    }

    [Fact]
    public async Task ANodeWithoutKeysKnowsALostJournalByWhatItLeftBehind()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        world.WithoutKeys("alice");
        await using var signer = world.StartSigner("alice");
        await world.StartProcessAsync();
        await world.AttachedAsync("alice", 1);
        await world.OpenLedgerAsync("alice", "bob", Milli, Milli);
        await world.Process!.KillAsync(world.Token);
        foreach (var file in Directory.GetFiles(world.FolderOf(world["alice"]), "journal.db*"))
        {
            File.Delete(file);
        }

        Assert.Contains("it had records (", await RefusesAsync(world), StringComparison.Ordinal);
        File.Delete(Path.Combine(world.FolderOf(world["alice"]), "witness.json"));
        Assert.Contains("it has sent transactions", await RefusesAsync(world), StringComparison.Ordinal);
    }

    /// <summary>An empty journal beside what the node left behind is not begun anew; why not.</summary>
    private static async Task<string> RefusesAsync(World world)
    {
        await using var amnesic = NodeProcess.Start(["node", "--config", world.ConfigFile, "--end-with-stdin"]);
        await Wait.UntilAsync(() => amnesic.Error.Contains("nitro restore", StringComparison.Ordinal), world.Token);
        Assert.DoesNotContain("Unhandled", amnesic.Error, StringComparison.Ordinal);
        return amnesic.Error;
    }

    private static string RequestId(int number) => $"payment-number-{number:000}";

    private static async Task PayAsync(World world, string channel, int number)
    {
        try
        {
            await world.PayAsync("alice", channel, 1, RequestId(number));
        }
        catch (RpcUnreachable)
        {
            // Asked again after the loss.
        }
    }
}
