using System.Net.Sockets;
using System.Security.Cryptography;
using Nitro.Libp2p.Host;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Noise;
using Nitro.Libp2p.Tests.Hosts;

namespace Nitro.Libp2p.Tests;

/// <summary>Gets through the handshake as anybody may, and then speaks yamux by hand.</summary>
internal static class HostilePeer
{
    public static async Task<RawPeer> DialAsync(TestHost host, CancellationToken cancellationToken) =>
        new((await UpgradeAsync(host, cancellationToken)).Channel, cancellationToken);

    public static async Task<(Socket Socket, NoiseChannel Channel)> UpgradeAsync(TestHost host, CancellationToken cancellationToken)
    {
        var identity = new Secp256k1Identity(RandomNumberGenerator.GetBytes(32));
        var credentials = await NoiseCredentials.CreateAsync(identity, X25519Key.Random(), Upgrader.Muxers, cancellationToken);
        var socket = await TcpTransport.DialAsync(host.Address, TimeSpan.FromSeconds(10), cancellationToken);
        var outcome = await new Upgrader(credentials, new SwarmOptions())
            .DialAsync(new NetworkStream(socket, ownsSocket: true), host.Peer, cancellationToken);
        return (socket, outcome.Channel);
    }
}
