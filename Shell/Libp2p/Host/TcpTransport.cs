using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Nitro.Libp2p.Addresses;

namespace Nitro.Libp2p.Host;

/// <summary>Sockets behind multiaddrs: <c>/ip4|ip6|dns|dns4|dns6/…/tcp/…</c>, with or without a peer id at the end.</summary>
internal static class TcpTransport
{
    /// <summary>Whether an address can be dialed.</summary>
    internal static bool CanDial(Multiaddr address) =>
        address.WithoutPeer() is { Parts: [{ Protocol: AddressProtocol.Ip4 or AddressProtocol.Ip6 or AddressProtocol.Dns
            or AddressProtocol.Dns4 or AddressProtocol.Dns6 }, { Protocol: AddressProtocol.Tcp }] };

    /// <summary>Connects.</summary>
    /// <exception cref="Libp2pException">Unreachable, TimedOut.</exception>
    internal static async Task<Socket> DialAsync(Multiaddr address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var endPoint = ToEndPoint(address);
        var socket = new Socket(endPoint.AddressFamily == AddressFamily.Unspecified ? AddressFamily.InterNetworkV6 : endPoint.AddressFamily,
            SocketType.Stream, ProtocolType.Tcp);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            socket.NoDelay = true;
            if (endPoint.AddressFamily == AddressFamily.Unspecified)
            {
                socket.DualMode = true;
            }

            await socket.ConnectAsync(endPoint, deadline.Token).ConfigureAwait(false);
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw e switch
            {
                OperationCanceledException when !cancellationToken.IsCancellationRequested =>
                    new Libp2pException(Libp2pError.TimedOut, $"{address} does not answer.", e),
                SocketException => new Libp2pException(Libp2pError.Unreachable, $"{address} cannot be reached: {e.Message}", e),
                _ => e,
            };
        }
    }

    /// <summary>Takes a place to listen at; port 0 takes any that is free.</summary>
    internal static Socket Bind(Multiaddr address)
    {
        if (ToEndPoint(address) is not IPEndPoint endPoint)
        {
            throw new ArgumentException($"{address} names no IP address to listen on.", nameof(address));
        }

        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw Occupied(address, e);
        }
    }

    /// <summary>Lets others connect from now on.</summary>
    internal static void Listen(Socket bound)
    {
        try
        {
            bound.Listen(512);
        }
        catch (SocketException e)
        {
            throw Occupied(Multiaddr.Of((IPEndPoint)bound.LocalEndPoint!), e);
        }
    }

    private static Libp2pException Occupied(Multiaddr address, SocketException e) => new(
        Libp2pError.Occupied,
        e.SocketErrorCode == SocketError.AddressAlreadyInUse
            ? $"another process listens at {address} already: end it, or give another port."
            : $"nothing can listen at {address}: {e.Message}.",
        e);

    private static EndPoint ToEndPoint(Multiaddr address)
    {
        if (!CanDial(address))
        {
            throw new Libp2pException(Libp2pError.Unreachable, $"{address} is no TCP address.");
        }

        var (host, port) = (address.Parts[0], BinaryPrimitives.ReadUInt16BigEndian(address.Parts[1].Value.Span));
        return host.Protocol switch
        {
            AddressProtocol.Ip4 or AddressProtocol.Ip6 => new IPEndPoint(new IPAddress(host.Value.Span), port),
            AddressProtocol.Dns4 => new DnsEndPoint(Encoding.UTF8.GetString(host.Value.Span), port, AddressFamily.InterNetwork),
            AddressProtocol.Dns6 => new DnsEndPoint(Encoding.UTF8.GetString(host.Value.Span), port, AddressFamily.InterNetworkV6),
            _ => new DnsEndPoint(Encoding.UTF8.GetString(host.Value.Span), port),
        };
    }
}
