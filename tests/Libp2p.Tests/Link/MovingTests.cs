using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Tests.Hosts;
using Xunit;

namespace Nitro.Libp2p.Tests.Link;

/// <summary>A node that can be reached elsewhere from now on.</summary>
public sealed class MovingTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task Peers_learn_of_another_place_and_get_a_newer_record_at_once()
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var alice = await LinkHost.StartAsync(Limit, options => options with { BootPeers = [bob.Where] });
        await Eventually.BecomesAsync(() => bob.RecordOf(alice) > 0, "the first record", Limit);
        var connection = bob.Host.Swarm.Find(alice.Host.Peer)!;
        await connection.Described.WaitAsync(Limit);
        var first = bob.RecordOf(alice);

        var place = await alice.Host.Swarm.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"), Limit);

        await Eventually.BecomesAsync(() => connection.Description!.Addresses.Contains(place), "the new address", Limit);
        await Eventually.BecomesAsync(() => bob.RecordOf(alice) > first, "a newer record", Limit);
        Assert.Contains(alice.Host.Address, connection.Description!.Addresses);
    }

    [Fact]
    public async Task An_alarm_without_a_change_bothers_nobody()
    {
        await using var bob = await LinkHost.StartAsync(Limit);
        await using var alice = await LinkHost.StartAsync(Limit, options => options with { BootPeers = [bob.Where] });
        await Eventually.BecomesAsync(() => bob.RecordOf(alice) > 0, "the first record", Limit);
        var first = bob.RecordOf(alice);
        for (var alarm = 0; alarm < 20; alarm++)
        {
            alice.Link.Moved(null, EventArgs.Empty);
            await Task.Yield();
        }

        await alice.Host.Swarm.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"), Limit);
        await Eventually.BecomesAsync(() => bob.RecordOf(alice) > first, "the record of the change", Limit);

        // Each record is at least a second newer than the one before it: twenty more would be in the future.
        Assert.InRange(bob.RecordOf(alice), first + 1, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
    }
}
