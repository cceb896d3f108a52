using Nitro.JsonRpc;
using Nitro.Shell.Tests.EndToEnd;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>
/// A payment through a node and a signer, one of which is killed for real at each step between the request and the release of the
/// signature. Asked again under the same id it is paid, once.
/// </summary>
public sealed class KillPointTests(Lab lab) : IClassFixture<Lab>
{
    /// <summary>128 and SIGKILL.</summary>
    private const int Killed = 137;

    /// <summary>In the order in which a payment passes them.</summary>
    private static readonly string[] NodeSteps =
    [
        "Nitro.Host/append start 1", "Nitro.Host/append stop 1", "Nitro.Host/release stop 1", "Nitro.Host/submit start 1", "Nitro.Host/submit stop 1",
        "Nitro.SignerApi/deliver start 1", "Nitro.SignerApi/deliver stop 1", "Nitro.SignerApi/hear start 1", "Nitro.SignerApi/hear stop 1",
        "Nitro.Host/append start 2", "Nitro.Host/append stop 2", "Nitro.Host/release stop 2",
    ];

    private static readonly string[] SignerSteps =
    [
        "Nitro.Signer/receive start 1", "Nitro.Signing/judge start 1", "Nitro.Signing/judge stop 1", "Nitro.Signing/remember start 1", "Nitro.Signing/anchor start 1",
        "Nitro.Signing/anchor stop 1", "Nitro.Signing/remember stop 1", "Nitro.Signing/sign stop 1", "Nitro.Signer/answer start 1", "Nitro.Signer/answer stop 1",
    ];

    [Fact]
    public async Task KilledAtAnyStepTheSameIsSignedOrNothing()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        var order = Path.Combine(Path.GetDirectoryName(world.ConfigFile)!, "kill");
        Dictionary<string, string> armed = new()
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(Worker.JournalAppender).Assembly.Location, ["KILL_AT_FILE"] = order,
        };
        world.WithoutKeys("alice");
        var signer = world.StartSigner("alice", armed);
        try
        {
            await world.StartProcessAsync(armed);
            await world.AttachedAsync("alice", 1);
            var channel = await world.OpenChannelAsync();
            var paid = 0;
            foreach (var step in NodeSteps)
            {
                var paying = PayAsync(world, channel, ++paid, order, step);
                Assert.Equal(Killed, await world.Process!.EndAsync(world.Token));
                File.Delete(order);
                await SettledAsync(paying);
                await world.StartProcessAsync(armed);
                await world.AttachedAsync("alice", 1);
                await PaidOnceAsync(world, channel, paid);
            }

            foreach (var step in SignerSteps)
            {
                var paying = PayAsync(world, channel, ++paid, order, step);
                Assert.Equal(Killed, await signer.EndAsync(world.Token));
                File.Delete(order);
                await signer.DisposeAsync();
                signer = world.StartSigner("alice", armed);
                await paying;
                await PaidOnceAsync(world, channel, paid);
            }
        }
        finally
        {
            await signer.DisposeAsync();
        }
    }

    private static Task PayAsync(World world, string channel, int number, string order, string step)
    {
        File.WriteAllText(order, step);
        return world.PayAsync("alice", channel, 1, RequestId(number));
    }

    private static string RequestId(int number) => $"payment-number-{number:00}";

    /// <summary>The caller had its answer at the last moment, or none.</summary>
    private static async Task SettledAsync(Task paying)
    {
        try
        {
            await paying;
        }
        catch (RpcUnreachable)
        {
            // Asked again below.
        }
    }

    private static async Task PaidOnceAsync(World world, string channel, int number)
    {
        await world.PayAsync("alice", channel, 1, RequestId(number));
        await Wait.UntilAsync(async () => await world.PaidAsync("bob", channel) >= number, world.Token);
        Assert.Equal(number, await world.PaidAsync("bob", channel));
        Assert.Equal(number, await world.PaidAsync("alice", channel));
    }
}
