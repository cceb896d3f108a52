using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Kademlia;
using Nitro.Libp2p.Link;
using Nitro.Libp2p.Records;
using Nitro.Libp2p.Tests.Hosts;
using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Libp2p.Tests.Link;

/// <summary>A link with all that stands below it, and a node's place taken by a list.</summary>
internal sealed class LinkHost : IPeerSink, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TestHost _host;
    private readonly KadDht _dht;
    private readonly Task _running;

    private LinkHost(TestHost host, NetworkIdentity identity, byte[] address, Func<LinkOptions, LinkOptions>? change, ILogger? log)
    {
        _host = host;
        Address = address;
        _dht = new KadDht(host.Swarm, new KadOptions(), [new AddressRecordValidator()]);
        var options = new LinkOptions { Address = EthereumAddress.ToText(address), MinRetry = TimeSpan.FromMilliseconds(20), FindTimeout = TimeSpan.FromSeconds(20) };
        Link = new Libp2pLink(host.Swarm, _dht, identity, change is null ? options : change(options), log);
        _running = Link.RunAsync(this, _stop.Token);
    }

    public Libp2pLink Link { get; }

    public byte[] Address { get; }

    public string Name => Convert.ToHexStringLower(Address);

    public TestHost Host => _host;

    public Multiaddr Where => _host.Address.WithPeer(_host.Peer);

    public Func<PeerAnswer> Answer { get; set; } = () => PeerAnswer.Taken;

    public ConcurrentQueue<(string From, string Text)> Received { get; } = new();

    public ConcurrentQueue<string> Seen { get; } = new();

    /// <summary>When the address record that is stored here was made, in seconds; 0 where there is none.</summary>
    public long RecordOf(LinkHost other) =>
        _dht.Stored(AddressRecord.KeyOf(EthereumAddress.ToText(other.Address))) is { } json && AddressRecord.TryParse(json.Span, out var record) ? record.Timestamp : 0;

    public static async Task<LinkHost> StartAsync(CancellationToken limit, Func<LinkOptions, LinkOptions>? change = null, byte[]? key = null, ILogger? log = null)
    {
        key ??= RandomNumberGenerator.GetBytes(32);
        var address = new byte[20];
        Curve.Default.TryGetAddress(key, address);
        var identity = await NetworkIdentity.CreateAsync(new LocalNetworkKeys(key), limit);
        return new LinkHost(await TestHost.StartAsync(limit, swarm: new Swarm(identity.Credentials, new SwarmOptions())), identity, address, change, log);
    }

    public ValueTask<PeerAnswer> SendAsync(LinkHost peer, string text, CancellationToken limit) =>
        Link.SendAsync(peer.Address, Encoding.UTF8.GetBytes(text), limit);

    public ValueTask<PeerAnswer> ReceivedAsync(ReadOnlyMemory<byte> peer, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        var answer = Answer();
        if (answer == PeerAnswer.Taken)
        {
            Received.Enqueue((Convert.ToHexStringLower(peer.Span), Encoding.UTF8.GetString(frame.Span)));
        }

        return new ValueTask<PeerAnswer>(answer);
    }

    public ValueTask SeenAsync(ReadOnlyMemory<byte> peer, CancellationToken cancellationToken)
    {
        Seen.Enqueue(Convert.ToHexStringLower(peer.Span));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Link.DisposeAsync();
        await _dht.DisposeAsync();
        await _host.DisposeAsync();
        _stop.Dispose();
    }
}
