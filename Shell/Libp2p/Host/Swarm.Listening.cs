using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nitro.Libp2p.Addresses;

namespace Nitro.Libp2p.Host;

/// <summary>How others reach a host.</summary>
public sealed partial class Swarm
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(50);

    /// <summary>There is another place where this host can be reached. Handlers must not wait.</summary>
    public event EventHandler? ListenedAnew;

    /// <summary>Whether an address is a place to listen at: an IP address and a TCP port.</summary>
    public static bool CanListen(Multiaddr address) =>
        TcpTransport.CanDial(address) && address.Parts[0].Protocol is AddressProtocol.Ip4 or AddressProtocol.Ip6;

    /// <summary>Starts to listen and gives back the address bound, port included.</summary>
    /// <exception cref="Libp2pException">Occupied.</exception>
    public async Task<Multiaddr> ListenAsync(Multiaddr address, CancellationToken cancellationToken)
    {
        await _upgrader.Value.WaitAsync(cancellationToken).ConfigureAwait(false); // Not to owe a signature to the first who comes.
        var bound = BoundSocket.Bind(address);
        Listen(bound);
        return bound.Address;
    }

    /// <summary>Starts to listen at a place that was taken before; the socket is the swarm's from now on.</summary>
    /// <exception cref="Libp2pException">Occupied: somebody else was faster.</exception>
    public void Listen(BoundSocket bound)
    {
        TcpTransport.Listen(bound.Socket);
        _addresses.Add((IPEndPoint)bound.Socket.LocalEndPoint!);
        Track(AcceptLoopAsync(bound.Socket));
        ListenedAnew?.Invoke(this, EventArgs.Empty);
    }

    private async Task AcceptLoopAsync(Socket listener)
    {
        using (listener)
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    var socket = await listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                    Track(UpgradeInboundAsync(socket));
                }
                catch (SocketException e)
                {
                    // Out of descriptors, or a connection that was gone before it was taken: the next one may be well.
                    _log.LogWarning(e, "accepting a connection failed");
                    await Task.Delay(AcceptPause, Options.Time, _stop.Token)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    private async Task UpgradeInboundAsync(Socket socket)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // The accepting loop goes on at once.
        if (RemoteOf(socket) is not { } remote || !_quota.Allows(remote.Address))
        {
            socket.Dispose();
            return;
        }

        var entered = _pending.Enter(socket, remote.Address);
        try
        {
            await UpgradeInboundAsync(socket, remote).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            _quota.Failed(remote.Address);
            _log.LogDebug(e, "an inbound connection did not get through the handshake");
        }
        finally
        {
            _pending.Leave(entered);
        }
    }

    private async Task UpgradeInboundAsync(Socket socket, IPEndPoint remote)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        deadline.CancelAfter(Options.UpgradeTimeout);
        var isKept = false;
        try
        {
            socket.NoDelay = true;
            var wire = new NetworkStream(socket, ownsSocket: true);
            var upgrader = await _upgrader.Value.ConfigureAwait(false);
            var outcome = await upgrader.ListenAsync(wire, deadline.Token).ConfigureAwait(false);
            isKept = Start(outcome, Multiaddr.Of(remote), isInbound: true) is not null;
        }
        finally
        {
            if (!isKept)
            {
                socket.Dispose();
            }
        }
    }

    // Null where it is gone already.
    private static IPEndPoint? RemoteOf(Socket socket)
    {
        try
        {
            return (IPEndPoint?)socket.RemoteEndPoint;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
