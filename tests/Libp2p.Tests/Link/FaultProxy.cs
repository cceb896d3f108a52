using System.Net;
using System.Net.Sockets;

namespace Nitro.Libp2p.Tests.Link;

/// <summary>Stands between two hosts and does to their bytes what bad networks do.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Task> _pipes = [];
    private readonly EndPoint _target;
    private readonly Task _accepting;
    private int _connections;

    public FaultProxy(int targetPort)
    {
        _target = new IPEndPoint(IPAddress.Loopback, targetPort);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Connections that were made through it.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Bytes of one direction after which a connection is cut; 0 for never.</summary>
    public int CutAfter { get; set; }

    /// <summary>Bytes that pass at a time, each on its own; 0 for as many as there are.</summary>
    public int Drip { get; set; }

    /// <summary>The byte of one direction, counted from 0, that is changed; -1 for none.</summary>
    public int Garble { get; set; } = -1;

    /// <summary>Nothing passes any more, and nobody is told.</summary>
    public bool IsHalfOpen { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_pipes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var near = await _listener.AcceptAsync(_stop.Token);
            var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            near.NoDelay = true;
            try
            {
                await far.ConnectAsync(_target, _stop.Token);
            }
            catch (SocketException)
            {
                near.Dispose(); // The target is away.
                continue;
            }

            Interlocked.Increment(ref _connections);
            _pipes.Add(PassAsync(near, far));
            _pipes.Add(PassAsync(far, near));
        }
    }

    private async Task PassAsync(Socket from, Socket to)
    {
        var buffer = new byte[8192];
        try
        {
            for (var passed = 0; await from.ReceiveAsync(buffer, _stop.Token) is var count && count > 0; passed += count)
            {
                if (IsHalfOpen)
                {
                    continue;
                }

                if (Garble >= passed && Garble < passed + count)
                {
                    buffer[Garble - passed] ^= 0x40;
                }

                if (CutAfter > 0 && passed + count >= CutAfter)
                {
                    break;
                }

                for (var at = 0; at < count; at += Drip > 0 ? Drip : count)
                {
                    await to.SendAsync(buffer.AsMemory(at, Math.Min(Drip > 0 ? Drip : count, count - at)), _stop.Token);
                }
            }
        }
        catch (SocketException)
        {
            // Either end is gone; the other is told below.
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
