using System.Globalization;
using System.Numerics;
using Nitro.FakeEventStore;
using Nitro.Shell.Tests.Signing;
using Xunit;
using Xunit.Abstractions;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>
/// The demo's story, from the first ledger to the last payout, on a node whose disk is wiped at ten random points of it and brought back from
/// its replica each time: the story ends as it would have, to the wei.
/// </summary>
public sealed class WipedDiskTests(Lab lab, ITestOutputHelper output) : IClassFixture<Lab>
{
    private const int Payments = 6;

    [Theory]
    [InlineData(7, false)]
    [InlineData(3, true)]
    public async Task TheStoryEndsAsItWouldHaveWhereverTheDiskIsLost(int wipes, bool isReplicaOnServer)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("NITRO_WIPE_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next(1_000_000);
        output.WriteLine($"NITRO_WIPE_SEED={seed}");
        await using var cluster = await FakeCluster.StartAsync();
        await using var world = await World.BuildAsync(lab, TimeSpan.FromSeconds(300), KilledRound.Way);
        world.WithoutKeys("alice");
        world.Config["journalReplica"] = isReplicaOnServer ? cluster.ConnectionString : $"sqlite:{Path.Combine(Path.GetDirectoryName(world.ConfigFile)!, "other-disk")}";
        await using var signer = world.StartSigner("alice");
        string[] from = isReplicaOnServer ? ["--from", $"{cluster.ConnectionString}#{world["alice"].AddressText.ToLowerInvariant()}"] : [];
        var held = await lab.HeldAsync(world.Token);
        await using var node = await KilledNode.StartAsync(world, seed, wipes, () => WipeAsync(world, from));
        var paid = BigInteger.Zero;
        var round = 0;
        for (; node.KillsLeft > 0 || round == 0; round++)
        {
            paid += await new KilledRound(world, node, round).PlayAsync(Payments);
        }

        await node.EndAsync();
        output.WriteLine($"{round} rounds");
        Assert.Equal(("alice", seed, Lab.Grant - paid), ("alice", seed, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token)));
        Assert.Equal(("irene", seed, Lab.Grant), ("irene", seed, await lab.WealthAsync(world["irene"], world.StartBlock, world.Token)));
        Assert.Equal(("bob", seed, Lab.Grant + paid), ("bob", seed, await lab.WealthAsync(world["bob"], world.StartBlock, world.Token)));
        Assert.Equal(held, await lab.HeldAsync(world.Token));
    }

    /// <summary>The disk with everything of alice's but what her signer has on another machine, and back from the replica.</summary>
    private static async Task WipeAsync(World world, string[] from)
    {
        Directory.Delete(world.FolderOf(world["alice"]), recursive: true);
        await using var restore = NodeProcess.Start(["restore", "--config", world.ConfigFile, "--tenant", "alice", .. from]);
        var code = await restore.EndAsync(world.Token);
        var isNothingThereYet = code != 0 && (restore.Error.Contains("There is no journal", StringComparison.Ordinal) || restore.Error.Contains("has no record", StringComparison.Ordinal));
        Assert.True(code == 0 || isNothingThereYet, restore.Error);
    }
}
