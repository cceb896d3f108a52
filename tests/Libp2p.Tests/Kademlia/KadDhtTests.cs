using System.Text;
using Google.Protobuf;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Kademlia;
using Nitro.Libp2p.Protos;
using Nitro.Libp2p.Tests.Hosts;
using Xunit;

namespace Nitro.Libp2p.Tests.Kademlia;

public sealed class KadDhtTests : IDisposable
{
    private const string Protocol = "/nitro/kad/1.0.0";

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task A_record_and_an_address_are_found_along_a_chain_of_strangers()
    {
        var hosts = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => KadHost.StartAsync(Limit)));
        for (var i = 1; i < hosts.Length; i++)
        {
            await hosts[i].MeetAsync(hosts[i - 1], Limit);
        }

        var (key, value) = await hosts[^1].RecordAsync();
        Assert.Equal(hosts.Length - 1, await hosts[^1].Dht.PublishAsync(key, value, Limit));
        var late = await KadHost.StartAsync(Limit);
        await late.MeetAsync(hosts[0], Limit);

        Assert.Equal(value, (await late.Dht.ResolveAsync(key, Limit))?.ToArray());
        Assert.Contains(hosts[^1].Host.Address, await late.Dht.FindPeerAsync(hosts[^1].Peer, Limit));
        Assert.Null(await late.Dht.ResolveAsync("/scaddr/0xAAA6628Ec44A8a742987EF3A114dDFE2D4F7aDCE", Limit));
        Assert.Null(await late.Dht.ResolveAsync("/other/0x00", Limit));
        foreach (var host in hosts.Append(late))
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Our_record_is_given_at_once_to_whoever_connects()
    {
        await using var alice = await KadHost.StartAsync(Limit);
        await using var bob = await KadHost.StartAsync(Limit);
        var (key, value) = await alice.RecordAsync();
        Assert.Equal(0, await alice.Dht.PublishAsync(key, value, Limit));

        await bob.MeetAsync(alice, Limit);

        await Eventually.BecomesAsync(() => bob.Dht.Stored(key) is { } stored && stored.Span.SequenceEqual(value), "the record", Limit);
    }

    [Fact]
    public async Task An_older_record_neither_replaces_a_newer_one_nor_is_chosen()
    {
        await using var alice = await KadHost.StartAsync(Limit);
        await using var bob = await KadHost.StartAsync(Limit);
        await using var carol = await KadHost.StartAsync(Limit);
        var (key, old) = await alice.RecordAsync(age: 100);
        var (_, young) = await alice.RecordAsync();
        await bob.Dht.PublishAsync(key, old, Limit);
        await carol.Dht.PublishAsync(key, young, Limit);

        await Assert.ThrowsAsync<ArgumentException>(() => carol.Dht.PublishAsync(key, old, Limit));
        await alice.MeetAsync(bob, Limit);
        await alice.MeetAsync(carol, Limit);

        Assert.Equal(young, (await alice.Dht.ResolveAsync(key, Limit))?.ToArray());
        await Eventually.BecomesAsync(() => bob.Dht.Stored(key) is { } stored && stored.Span.SequenceEqual(young), "the repair", Limit);
    }

    [Fact]
    public async Task Peers_that_are_gone_are_no_longer_asked()
    {
        await using var alice = await KadHost.StartAsync(Limit);
        await using (var bob = await KadHost.StartAsync(Limit))
        {
            await alice.MeetAsync(bob, Limit);
        }

        await Eventually.BecomesAsync(() => alice.Host.Swarm.Connections.Count == 0, "the end of the connection", Limit);
        Assert.Equal(1, alice.Dht.PeerCount);
        await alice.Dht.RefreshAsync(Limit);

        Assert.Equal(0, alice.Dht.PeerCount);
    }

    [Fact]
    public async Task What_go_asks_first_is_answered_with_ourselves()
    {
        await using var host = await KadHost.StartAsync(Limit);
        await using var asker = await TestHost.StartAsync(Limit);
        var connection = await asker.DialAsync(host.Host, Limit);

        var reply = await AskAsync(connection, new KadMessage { Type = KadMessageType.FindNode, Key = ByteString.CopyFrom(host.Peer.Bytes.Span) });

        var self = Assert.Single(KadWire.Contacts(reply, new KadOptions()));
        Assert.Equal(host.Peer, self.Peer);
        Assert.Equal([host.Host.Address], self.Addresses);
    }

    [Fact]
    public async Task Bad_records_and_requests_that_are_not_served_cut_the_stream()
    {
        await using var host = await KadHost.StartAsync(Limit);
        await using var asker = await TestHost.StartAsync(Limit);
        var connection = await asker.DialAsync(host.Host, Limit);
        var (key, value) = await host.RecordAsync();
        var bytes = ByteString.CopyFromUtf8(key);
        KadMessage Put(ByteString name, ByteString under, byte[] content) => new()
        {
            Key = name, Record = new KadRecord { Key = under, Value = ByteString.CopyFrom(content) },
        };

        KadMessage[] refused =
        [
            Put(bytes, ByteString.CopyFromUtf8("/scaddr/other"), value),
            Put(bytes, bytes, Encoding.ASCII.GetBytes("{}")),
            Put(ByteString.CopyFromUtf8("/pk/x"), ByteString.CopyFromUtf8("/pk/x"), value),
            Put(ByteString.CopyFromUtf8("scaddr"), ByteString.CopyFromUtf8("scaddr"), value),
            Put(bytes, bytes, new byte[5000]),
            new KadMessage { Key = bytes },
            new KadMessage { Type = KadMessageType.AddProvider, Key = bytes },
            new KadMessage { Type = KadMessageType.GetProviders, Key = bytes },
            new KadMessage { Type = (KadMessageType)77 },
        ];
        foreach (var message in refused)
        {
            await Assert.ThrowsAsync<Libp2pException>(() => AskAsync(connection, message));
        }

        Assert.Equal(0, host.Dht.RecordCount);
        var echoed = await AskAsync(connection, Put(bytes, bytes, value));
        Assert.Equal(value, echoed.Record.Value.ToByteArray());
        Assert.Equal(1, host.Dht.RecordCount);
    }

    [Fact]
    public async Task One_peer_puts_no_more_records_a_minute_than_allowed()
    {
        await using var host = await KadHost.StartAsync(Limit, new KadOptions { MaxPutsPerMinute = 5, MaxRecords = 3 });
        await using var asker = await TestHost.StartAsync(Limit);
        var connection = await asker.DialAsync(host.Host, Limit);
        var taken = 0;
        for (byte i = 1; i <= 10; i++)
        {
            var (key, value) = await SignedRecords.MakeAsync(Enumerable.Repeat(i, 32).ToArray(), 1_700_000_000);
            var name = ByteString.CopyFromUtf8(key);
            var put = new KadMessage { Key = name, Record = new KadRecord { Key = name, Value = ByteString.CopyFrom(value) } };
            taken += await Record.ExceptionAsync(() => AskAsync(connection, put)) is null ? 1 : 0;
        }

        Assert.Equal((3, 3), (taken, host.Dht.RecordCount));
    }

    private async Task<KadMessage> AskAsync(Connection connection, KadMessage request)
    {
        await using var stream = await connection.OpenStreamAsync(Protocol, Limit);
        await KadWire.WriteAsync(stream, request, Limit);
        return await KadWire.ReadAsync(stream, new KadOptions(), Limit) ?? throw new Libp2pException(Libp2pError.StreamReset, "no reply");
    }
}
