using System.CommandLine;
using Nitro.Cli;
using Nitro.Journal;
using Nitro.Shell.Tests.Host;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>The tail of a journal that is being written goes on by itself.</summary>
public sealed class FollowTests
{
    [Fact]
    public async Task WhatANodeDoesIsToldWhileItDoesIt()
    {
        using var world = new TestWorld();
        var path = Path.Combine(world.Folder, "journal.db");
        var store = await SqliteJournal.OpenAsync(new SqliteJournalOptions { Path = path, Owner = TestKeys.AddressOf(TestKeys.Key(1)) }, default);
        await using var alice = await TestNode.StartAsync(world, TestKeys.Key(1), new MemoryJournal(), store);
        await using var irene = await TestNode.StartAsync(world, 2);
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var output = new AwaitedText("we signed the post-fund state");
        var following = CommandLine.Create().Parse(["journal", "tail", "--follow", "-j", path]).InvokeAsync(
            new InvocationConfiguration { Output = output, Error = output }, enough.Token);

        await alice.CallAsync("create_ledger_channel", TestWorld.Ledger(alice.Address, irene.Address, 10, 10));
        await output.Seen.WaitAsync(enough.Token);
        await enough.CancelAsync();

        Assert.Equal(0, await following);
        Assert.Contains("we ask for the opening of ledger channel", output.ToString(), StringComparison.Ordinal);
    }
}
