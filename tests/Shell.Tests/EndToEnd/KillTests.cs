using System.Numerics;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>SIGKILL at random points of the story, ten times: whatever was answered counts once, and every wei is where it belongs.</summary>
public sealed class KillTests(Lab lab) : IClassFixture<Lab>
{
    private const int Kills = 10;
    private const int PaymentsPerRound = 8;

    [Fact]
    public async Task TenKillsLoseAndDoubleNothing()
    {
        await using var world = await World.BuildAsync(lab, KilledRound.Way);
        var held = await lab.HeldAsync(world.Token);
        await using var victim = await KilledNode.StartAsync(world, seed: 20_240_601, Kills);
        var paid = BigInteger.Zero;
        var round = 0;
        while (victim.KillsLeft > 0 || round == 0)
        {
            paid += await new KilledRound(world, victim, round++).PlayAsync(PaymentsPerRound);
        }

        await victim.EndAsync();
        Assert.Equal(("alice", Lab.Grant - paid), ("alice", await lab.WealthAsync(world["alice"], world.StartBlock, world.Token)));
        Assert.Equal(("irene", Lab.Grant), ("irene", await lab.WealthAsync(world["irene"], world.StartBlock, world.Token)));
        Assert.Equal(("bob", Lab.Grant + paid), ("bob", await lab.WealthAsync(world["bob"], world.StartBlock, world.Token)));
        Assert.Equal(held, await lab.HeldAsync(world.Token));
    }
}
