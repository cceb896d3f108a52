using System.Security.Cryptography;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Tests.Hosts;

/// <summary>A host on a free port of this machine, with an echo.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public const string Echo = "/test/echo/1.0.0";

    private TestHost(Swarm swarm, Multiaddr address)
    {
        Swarm = swarm;
        Address = address;
    }

    public Swarm Swarm { get; }

    public Multiaddr Address { get; }

    public PeerId Peer => Swarm.LocalPeer;

    public static async Task<TestHost> StartAsync(CancellationToken cancellationToken, SwarmOptions? options = null, IIdentity? identity = null, Swarm? swarm = null)
    {
        swarm ??= new Swarm(identity ?? new Secp256k1Identity(RandomNumberGenerator.GetBytes(32)), options ?? new SwarmOptions());
        swarm.Handle(Echo, async (stream, _, token) => await stream.CopyToAsync(stream, token));
        return new TestHost(swarm, await swarm.ListenAsync(Multiaddr.Parse("/ip4/127.0.0.1/tcp/0"), cancellationToken));
    }

    public Task<Connection> DialAsync(TestHost other, CancellationToken cancellationToken) =>
        Swarm.DialAsync(other.Peer, [other.Address], cancellationToken);

    public ValueTask DisposeAsync() => Swarm.DisposeAsync();
}
