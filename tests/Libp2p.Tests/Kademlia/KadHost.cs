using System.Security.Cryptography;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Kademlia;
using Nitro.Libp2p.Records;
using Nitro.Libp2p.Tests.Hosts;

namespace Nitro.Libp2p.Tests.Kademlia;

/// <summary>A host that serves the hash table, with a channel key that is its identity.</summary>
internal sealed class KadHost : IAsyncDisposable
{
    private readonly byte[] _key;

    private KadHost(TestHost host, KadDht dht, byte[] key)
    {
        Host = host;
        Dht = dht;
        _key = key;
    }

    public TestHost Host { get; }

    public KadDht Dht { get; }

    public PeerId Peer => Host.Peer;

    public static async Task<KadHost> StartAsync(CancellationToken cancellationToken, KadOptions? options = null)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        var host = await TestHost.StartAsync(cancellationToken, identity: new Secp256k1Identity(key));
        return new KadHost(host, new KadDht(host.Swarm, options ?? new KadOptions(), [new AddressRecordValidator()]), key);
    }

    public Task<(string Key, byte[] Value)> RecordAsync(int age = 0) =>
        SignedRecords.MakeAsync(_key, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - age);

    public async Task MeetAsync(KadHost other, CancellationToken cancellationToken)
    {
        var connection = await Host.DialAsync(other.Host, cancellationToken);
        await connection.Described.WaitAsync(cancellationToken);
        await Eventually.BecomesAsync(() => other.Host.Swarm.Find(Peer)?.Description is not null, "the other side's description", cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Dht.DisposeAsync();
        await Host.DisposeAsync();
    }
}
