using Nitro.Cli;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A journal has one writer.</summary>
public sealed class OneWriterTests(Lab lab) : IClassFixture<Lab>
{
    [Fact]
    public async Task ASecondProcessRefusesToStartAndSaysWhy()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        var first = await world.StartProcessAsync();
        var ledger = await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, 0);
        var channel = await world.OpenPaymentsAsync(["alice", "bob"], 1_000);

        await using var second = NodeProcess.Start(["node", "--config", world.ConfigFile]);
        var code = await second.EndAsync(world.Token);

        Assert.Equal(1, code);
        Assert.Empty(second.Output);
        Assert.All((string[])["alice", "bob"], tenant => Assert.Contains($"Tenant {tenant} cannot start: another process uses its folder", second.Error));
        Assert.Contains("Stop that process", second.Error);
        Assert.DoesNotContain("   at Nitro", second.Error);
        Assert.Contains(world.DataDirectory, second.Error);
        Assert.False(first.HasEnded, first.Error);
        await world.PayAsync("alice", channel, 7);
        await world.ClosePaymentsAsync("alice", channel, "alice", "bob");
        Assert.Equal(("Open", Amounts.Ether - 7, 7), await world.LedgerAsync("alice", ledger));
        Assert.DoesNotContain("STOPPED", first.Error);
    }
}
