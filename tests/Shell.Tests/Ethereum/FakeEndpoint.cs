using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>A port that answers every connection with the same bytes, whatever it is asked.</summary>
internal sealed class FakeEndpoint : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private readonly byte[] _answer;

    public FakeEndpoint(string answer)
    {
        _answer = Encoding.Latin1.GetBytes(answer);
        _listener.Start();
        _serving = ServeAsync();
    }

    public string LastRequest { get; private set; } = string.Empty;

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>A well-formed HTTP answer around any body.</summary>
    public static FakeEndpoint Http(string body, string status = "200 OK") =>
        new($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var stream = client.GetStream();
                var read = await stream.ReadAsync(buffer, _stop.Token);
                LastRequest = Encoding.Latin1.GetString(buffer, 0, read);
                if (_answer.Length == 0)
                {
                    // Silence: hold the connection until the other side gives up.
                    while (await stream.ReadAsync(buffer, _stop.Token) > 0)
                    {
                    }
                }

                await stream.WriteAsync(_answer, _stop.Token);
                client.Client.Shutdown(SocketShutdown.Send);
                while (await stream.ReadAsync(buffer, _stop.Token) > 0)
                {
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or SocketException)
        {
            // The test is over, or the client went away, which is what it is tested for.
        }
    }
}
