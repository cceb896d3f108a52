using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Nitro.Libp2p.Addresses;
using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Host;

/// <summary>How a host reaches others.</summary>
public sealed partial class Swarm
{
    private readonly ConcurrentDictionary<PeerId, Lazy<Task<Connection>>> _dials = new();

    /// <summary>Whether an address can be dialed: an IP address or a name, and a TCP port.</summary>
    public static bool CanDial(Multiaddr address) => TcpTransport.CanDial(address);

    /// <summary>The connection to a peer: the one that stands, or a new one to the first of these addresses that answers.</summary>
    /// <exception cref="Libp2pException">Unreachable, TimedOut, WrongPeer, or what else the last address failed with.</exception>
    public async Task<Connection> DialAsync(PeerId peer, IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken)
    {
        if (_connections.Find(peer) is { } standing)
        {
            return standing;
        }

        // Several callers share one attempt; it goes on when one of them gives up.
        var dial = _dials.GetOrAdd(peer, _ => new Lazy<Task<Connection>>(() => DialOnceAsync(peer, addresses)));
        return await dial.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<Connection> DialOnceAsync(PeerId peer, IReadOnlyList<Multiaddr> addresses)
    {
        try
        {
            Exception? last = null;
            foreach (var address in addresses.Where(TcpTransport.CanDial))
            {
                if (address.Peer is { } named && !named.Equals(peer))
                {
                    continue;
                }

                try
                {
                    return await DialAddressAsync(peer, address).ConfigureAwait(false);
                }
                catch (IOException e)
                {
                    last = e;
                }
            }

            throw last ?? new Libp2pException(Libp2pError.Unreachable, $"No address of {peer} can be dialed.");
        }
        finally
        {
            _dials.TryRemove(peer, out _);
        }
    }

    private async Task<Connection> DialAddressAsync(PeerId peer, Multiaddr address)
    {
        var upgrader = await _upgrader.Value.ConfigureAwait(false);
        var socket = await TcpTransport.DialAsync(address, Options.ConnectTimeout, _stop.Token).ConfigureAwait(false);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        deadline.CancelAfter(Options.UpgradeTimeout);
        var wire = new NetworkStream(socket, ownsSocket: true);
        try
        {
            var outcome = await upgrader.DialAsync(wire, peer, deadline.Token).ConfigureAwait(false);
            return Start(outcome, Multiaddr.Of((IPEndPoint)socket.RemoteEndPoint!), isInbound: false)
                ?? throw new Libp2pException(Libp2pError.LimitReached, $"There are {_connections.Count} connections.");
        }
        catch (Exception e)
        {
            await wire.DisposeAsync().ConfigureAwait(false);
            throw e switch
            {
                Libp2pException => e,
                OperationCanceledException when !_stop.IsCancellationRequested =>
                    new Libp2pException(Libp2pError.TimedOut, $"{address} does not complete the handshake.", e),
                IOException => new Libp2pException(Libp2pError.Disconnected, $"{address} ended the connection.", e),
                _ => e,
            };
        }
    }
}
