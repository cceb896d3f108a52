using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Nitro.Cli.Demo;

/// <summary>Stands between two processes and passes their bytes on, until it is cut; then nobody gets through before it is healed.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private const int BufferBytes = 16 * 1024;
    private readonly EndPoint _front;
    private readonly EndPoint _back;
    private readonly ConcurrentDictionary<Socket, byte> _open = new();
    private readonly ConcurrentDictionary<Task, byte> _passing = new();
    private Socket _listener;
    private Task _accepting;

    private Relay(EndPoint front, EndPoint back)
    {
        _back = back;
        _listener = Listen(front);
        _front = _listener.LocalEndPoint!;
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>The port of a relay on TCP.</summary>
    public int Port => ((IPEndPoint)_front).Port;

    /// <summary>Connections that were let through.</summary>
    public int Connections { get; private set; }

    /// <summary>From one port of this machine to another.</summary>
    public static Relay Between(int front, int back) => new(new IPEndPoint(IPAddress.Loopback, front), new IPEndPoint(IPAddress.Loopback, back));

    /// <summary>From one Unix socket to another.</summary>
    public static Relay ToSocket(string front, string back) => new(new UnixDomainSocketEndPoint(front), new UnixDomainSocketEndPoint(back));

    /// <summary>Ends every connection, and refuses new ones.</summary>
    public async Task CutAsync()
    {
        _listener.Dispose();
        await _accepting;
        while (!_passing.IsEmpty)
        {
            foreach (var socket in _open.Keys)
            {
                socket.Dispose();
            }

            await Task.WhenAll(_passing.Keys);
        }

        if (_front is UnixDomainSocketEndPoint)
        {
            File.Delete(_front.ToString()!);
        }
    }

    /// <summary>Lets everybody through again.</summary>
    public void Heal()
    {
        _listener = Listen(_front);
        _accepting = AcceptAsync(_listener);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await CutAsync();

    private static Socket Listen(EndPoint front)
    {
        var listener = SocketFor(front);
        listener.Bind(front);
        listener.Listen();
        return listener;
    }

    private static Socket SocketFor(EndPoint end) => end is UnixDomainSocketEndPoint
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptAsync();
                Connections++;
                var pair = PairAsync(near);
                _passing.TryAdd(pair, 0);
                _ = pair.ContinueWith(done => _passing.TryRemove(done, out byte _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    private async Task PairAsync(Socket near)
    {
        var far = SocketFor(_back);
        _open.TryAdd(near, 0);
        _open.TryAdd(far, 0);
        try
        {
            if (near.ProtocolType == ProtocolType.Tcp)
            {
                near.NoDelay = true;
            }

            await far.ConnectAsync(_back);
            await Task.WhenAny(PassAsync(near, far), PassAsync(far, near));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Nobody is there, or it was cut: the other end hears of it below.
        }
        finally
        {
            _open.TryRemove(near, out _);
            _open.TryRemove(far, out _);
            near.Dispose();
            far.Dispose();
        }
    }

    private static async Task PassAsync(Socket from, Socket to)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // An end of one side is the end of both.
        }
    }
}
