using System.Net;
using System.Net.Sockets;
using Nitro.Libp2p.Addresses;

namespace Nitro.Libp2p.Host;

/// <summary>A place to listen that is taken already, while who will listen there is not known yet.</summary>
public sealed class BoundSocket : IDisposable
{
    private BoundSocket(Socket socket) => Socket = socket;

    /// <summary>What is bound, port included.</summary>
    public Multiaddr Address => Multiaddr.Of((IPEndPoint)Socket.LocalEndPoint!);

    internal Socket Socket { get; }

    /// <summary>Takes a place; port 0 takes any that is free.</summary>
    /// <exception cref="ArgumentException">No IP address on TCP.</exception>
    /// <exception cref="Libp2pException">Occupied: it cannot be had; the message says why.</exception>
    public static BoundSocket Bind(Multiaddr address) => new(TcpTransport.Bind(address));

    /// <inheritdoc/>
    public void Dispose() => Socket.Dispose();
}
