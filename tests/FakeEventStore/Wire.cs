using System.Net;
using System.Net.Sockets;

namespace Nitro.FakeEventStore;

/// <summary>Stands between clients and a server on TCP: passes bytes on, and can cut all connections or refuse new ones.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly TcpListener listener;
    private readonly CancellationTokenSource end = new();
    private readonly HashSet<TcpClient> ends = [];
    private readonly int server;
    private readonly Task accepting;
    private volatile bool isUp = true;

    internal Wire(int server, int port)
    {
        this.server = server;
        listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    internal int Port { get; }

    /// <summary>False: what is connected is cut, and what connects.</summary>
    internal bool IsUp
    {
        get => isUp;
        set
        {
            isUp = value;
            if (!value)
            {
                Cut();
            }
        }
    }

    /// <summary>Resets all connections.</summary>
    internal void Cut()
    {
        lock (gate)
        {
            foreach (var each in ends)
            {
                Reset(each);
            }

            ends.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Dispose();
        Cut();
        await accepting;
        end.Dispose();
    }

    private static void Reset(TcpClient client)
    {
        if (client.Client is { } socket)
        {
            socket.LingerState = new LingerOption(true, 0);
        }

        client.Close();
    }

    private async Task AcceptAsync()
    {
        var passing = new List<Task>();
        try
        {
            while (true)
            {
                passing.Add(ConnectAsync(await listener.AcceptTcpClientAsync(end.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // the wire was taken down
        }

        await Task.WhenAll(passing);
    }

    private async Task ConnectAsync(TcpClient near)
    {
        using var far = new TcpClient { NoDelay = true };
        near.NoDelay = true;
        lock (gate)
        {
            ends.Add(near);
            ends.Add(far);
        }

        try
        {
            if (!isUp)
            {
                Reset(near);
                return;
            }

            await far.ConnectAsync(IPAddress.Loopback, server, end.Token);
            await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream(), end.Token), far.GetStream().CopyToAsync(near.GetStream(), end.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // cut, by the test or by one end
        }

        lock (gate)
        {
            ends.Remove(near);
            ends.Remove(far);
        }

        near.Dispose();
    }
}
