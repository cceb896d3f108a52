using System.Net;
using System.Net.Sockets;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>A wire between client and server for one connection: it can be cut, or go silent with nobody told.</summary>
internal sealed class CutWire : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _hush = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _end = new();
    private readonly TcpClient _server = new();
    private readonly Task _running;
    private TcpClient? _client;

    public CutWire(Uri server)
    {
        _listener.Start();
        _running = RunAsync(server);
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}");

    /// <summary>Resets both connections.</summary>
    public void Cut()
    {
        foreach (TcpClient end in new[] { _server, _client! })
        {
            end.LingerState = new LingerOption(true, 0);
            end.Close();
        }
    }

    /// <summary>From here on nothing passes, and both connections stand.</summary>
    public void Hush() => _hush.SetResult();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _listener.Dispose();
        _server.Dispose();
        _client?.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync(Uri server)
    {
        try
        {
            _client = await _listener.AcceptTcpClientAsync(_end.Token);
            await _server.ConnectAsync(server.Host, server.Port, _end.Token);
            NetworkStream near = _client.GetStream();
            NetworkStream far = _server.GetStream();
            await Task.WhenAll(PassAsync(near, far), PassAsync(far, near));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // cut, by the test or by one end
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[16 * 1024];
        for (int read; (read = await from.ReadAsync(buffer, _end.Token)) > 0;)
        {
            if (_hush.Task.IsCompleted)
            {
                await Task.Delay(Timeout.Infinite, _end.Token);
            }

            await to.WriteAsync(buffer.AsMemory(0, read), _end.Token);
        }
    }
}
