using System.Net;
using System.Text;
using Nitro.Cli.Demo;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>Stands between a node and its chain (over http) and answers rubbish while it is told to.</summary>
internal sealed class MuddledEndpoint : IAsyncDisposable
{
    /// <summary>Each of another kind: no JSON, no object, not to this request, no hex, the wrong type, an error, nothing.</summary>
    private static readonly string[] Rubbish =
    [
        "<html>502</html>", "[]", """{"jsonrpc":"2.0","id":123456789,"result":"0x1"}""", """{"jsonrpc":"2.0","id":ID,"result":"0xzz"}""",
        """{"jsonrpc":"2.0","id":ID,"result":{"number":[],"hash":7}}""", """{"jsonrpc":"2.0","id":ID,"error":{"code":-32000,"message":"no"}}""",
        """{"jsonrpc":"2.0","id":ID,"result":null}""", """{"jsonrpc":"2.0","id":ID,"result":"0xffffffffffffffffffffff"}""",
        """{"jsonrpc":"2.0","id":ID,"result":[{"topics":[],"data":"0x"}]}""", string.Empty,
    ];

    private readonly HttpListener _listener = new();
    private readonly HttpClient _http = new();
    private readonly Uri _chain;
    private readonly Task _serving;
    private int _given;

    private MuddledEndpoint(Uri chain, int port)
    {
        _chain = chain;
        Url = new Uri($"http://127.0.0.1:{port}/");
        _listener.Prefixes.Add(Url.ToString());
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Url { get; }

    public volatile bool IsMuddled;

    public static MuddledEndpoint Before(Uri chain) => new(chain, FreePorts.Take(1)[0]);

    /// <summary>Waits until every kind of rubbish was answered at least twice.</summary>
    public Task AllAnswersGivenAsync(CancellationToken cancellationToken) =>
        Wait.UntilAsync(() => Volatile.Read(ref _given) >= 2 * Rubbish.Length, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Close();
        _http.Dispose();
    }

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                break;
            }

            answers.RemoveAll(answer => answer.IsCompleted);
            answers.Add(AnswerAsync(context));
        }

        await Task.WhenAll(answers);
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream);
            var request = await reader.ReadToEndAsync();
            var answer = IsMuddled ? Muddle(request) : await PassAsync(request);
            await context.Response.OutputStream.WriteAsync(answer);
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or HttpRequestException or IOException or ObjectDisposedException)
        {
            // The node went away, or the chain did: either way there is nobody to answer.
            context.Response.Abort();
        }
    }

    private byte[] Muddle(string request)
    {
        var id = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(request).GetProperty("id").GetRawText();
        return Encoding.UTF8.GetBytes(Rubbish[(Interlocked.Increment(ref _given) - 1) % Rubbish.Length].Replace("ID", id, StringComparison.Ordinal));
    }

    private async Task<byte[]> PassAsync(string request)
    {
        using var content = new StringContent(request, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(_chain, content);
        return await response.Content.ReadAsByteArrayAsync();
    }
}
