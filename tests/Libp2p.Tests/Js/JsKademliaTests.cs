using System.Text;
using Nitro.Libp2p.Tests.Hosts;
using Nitro.Libp2p.Tests.Kademlia;
using Xunit;

namespace Nitro.Libp2p.Tests.Js;

/// <summary>The hash table with js-libp2p, under go-nitro's protocol name and with its records.</summary>
public sealed class JsKademliaTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(120));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task Js_takes_us_into_its_table_and_gets_what_we_store()
    {
        await using var js = await JsPeer.StartAsync(Limit, dht: true);
        await using var host = await KadHost.StartAsync(Limit);
        await MeetAsync(host, js);
        var (key, value) = await host.RecordAsync();

        await host.Dht.PublishAsync(key, value, Limit);

        Assert.Equal(Encoding.UTF8.GetString(value), (await js.AskAsync("get", ("key", key))).GetString());
    }

    [Fact]
    public async Task Js_puts_a_record_that_we_check_and_store_and_give_out()
    {
        await using var js = await JsPeer.StartAsync(Limit, dht: true);
        await using var host = await KadHost.StartAsync(Limit);
        await using var other = await KadHost.StartAsync(Limit);
        await MeetAsync(host, js);
        var (key, value) = await other.RecordAsync();

        await js.AskAsync("put", ("key", key), ("value", Encoding.UTF8.GetString(value)));

        await Eventually.BecomesAsync(() => host.Dht.Stored(key) is { } stored && stored.Span.SequenceEqual(value), "the record that js put", Limit);
        await other.MeetAsync(host, Limit);
        Assert.Equal(value, (await other.Dht.ResolveAsync(key, Limit))?.ToArray());
    }

    [Fact]
    public async Task Our_record_and_our_neighbour_are_found_through_js_and_through_us()
    {
        await using var js = await JsPeer.StartAsync(Limit, dht: true);
        await using var left = await KadHost.StartAsync(Limit);
        await using var right = await KadHost.StartAsync(Limit);
        await MeetAsync(left, js);
        await MeetAsync(right, js);
        var (key, value) = await left.RecordAsync();
        Assert.InRange(await left.Dht.PublishAsync(key, value, Limit), 1, 2); // Js may have told of right.

        // Right knows js alone.
        Assert.Equal(value, (await right.Dht.ResolveAsync(key, Limit))?.ToArray());
        Assert.Contains(left.Host.Address, await right.Dht.FindPeerAsync(left.Peer, Limit));

        // Js learns of a third host through left.
        await using var third = await KadHost.StartAsync(Limit);
        await third.MeetAsync(left, Limit);
        var found = await js.AskAsync("findPeer", ("peer", third.Peer.ToString()));
        Assert.Contains(found.EnumerateArray(), one => one.GetString()!.StartsWith(third.Host.Address.ToString(), StringComparison.Ordinal));
    }

    private async Task MeetAsync(KadHost host, JsPeer js)
    {
        var connection = await host.Host.Swarm.DialAsync(js.Peer, [js.Address], Limit);
        await connection.Described.WaitAsync(Limit);
        while (!(await js.AskAsync("table")).EnumerateArray().Any(one => one.GetString() == host.Peer.ToString()))
        {
            Limit.ThrowIfCancellationRequested();
        }
    }
}
