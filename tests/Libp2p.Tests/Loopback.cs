using System.Net;
using System.Net.Sockets;
using Nitro.Libp2p.Noise;

namespace Nitro.Libp2p.Tests;

/// <summary>Two ends of one TCP connection on this machine.</summary>
internal static class Loopback
{
    public static async Task<(NetworkStream Dialer, NetworkStream Listener)> ConnectAsync(CancellationToken cancellationToken)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var dialer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await dialer.ConnectAsync(listener.LocalEndPoint!, cancellationToken);
        var accepted = await listener.AcceptAsync(cancellationToken);
        accepted.NoDelay = true;
        return (new NetworkStream(dialer, ownsSocket: true), new NetworkStream(accepted, ownsSocket: true));
    }

    /// <summary>The same, as a handshake leaves it; the keys are of no importance.</summary>
    public static async Task<(NoiseChannel Dialer, NoiseChannel Listener)> ConnectSecretAsync(CancellationToken cancellationToken)
    {
        var (dialer, listener) = await ConnectAsync(cancellationToken);
        byte[] forward = new byte[32], back = new byte[32];
        back[0] = 1;
        return (new NoiseChannel(dialer, Aead.Create(back), Aead.Create(forward)), new NoiseChannel(listener, Aead.Create(forward), Aead.Create(back)));
    }
}
