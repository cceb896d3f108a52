using System.Net.WebSockets;
using System.Net;
using System.Text.Json;
using System.Text;
using Nitro.JsonRpc;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>A served stand-in node and a few ways to talk to it. Every wait ends after 30 seconds.</summary>
internal sealed class RpcFixture : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));

    private RpcFixture(StandInNode node, Tokens tokens, RpcServer server)
    {
        Node = node;
        Tokens = tokens;
        Server = server;
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
    }

    public static RpcEndpoint AnyPort { get; } = new(IPAddress.Loopback, 0);

    public StandInNode Node { get; }

    public Tokens Tokens { get; }

    public RpcServer Server { get; }

    public HttpClient Http { get; }

    public Uri Api => Server.Addresses[0].Api;

    public CancellationToken Limit => _limit.Token;

    public static async Task<RpcFixture> StartAsync(RpcOptions? options = null)
    {
        options ??= new RpcOptions { Endpoint = AnyPort };
        var node = new StandInNode();
        Tokens tokens = options.GoNitro ? Tokens.GoNitro() : Tokens.FromKey(new byte[32]);
        RpcServer server = await RpcServer.StartAsync(options, [new RpcTenant("alice", node, tokens)], null, CancellationToken.None);
        return new RpcFixture(node, tokens, server);
    }

    public string Request(string method, string payload = "{}", string? token = null, string id = "1") =>
        $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"{{{method}}}","params":{"authtoken":"{{{token ?? Tokens.Issue("")}}}","payload":{{{payload}}}}}""";

    public async Task<string> PostAsync(string body)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, "", body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(Limit);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, Api + path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Http.SendAsync(request, Limit);
    }

    public async Task<ClientWebSocket> SubscribeAsync(params (string Name, string Value)[] headers)
    {
        var socket = new ClientWebSocket();
        foreach ((string name, string value) in headers)
        {
            socket.Options.SetRequestHeader(name, value);
        }

        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        await socket.ConnectAsync(new Uri(Api.ToString().Replace("http://", "ws://", StringComparison.Ordinal) + "/subscribe"), invoker, Limit);
        return socket;
    }

    /// <summary>The next text message, or null when the server closes.</summary>
    public async Task<string?> ReceiveAsync(ClientWebSocket socket)
    {
        using var message = new MemoryStream();
        var part = new byte[64 * 1024];
        while (true)
        {
            WebSocketReceiveResult result = await socket.ReceiveAsync(part, Limit);
            message.Write(part, 0, result.Count);
            if (result.MessageType == WebSocketMessageType.Close || result.EndOfMessage)
            {
                return result.MessageType == WebSocketMessageType.Close ? null : Encoding.UTF8.GetString(message.ToArray());
            }
        }
    }

    public static int CodeOf(string reply)
    {
        using JsonDocument document = JsonDocument.Parse(reply);
        return document.RootElement.TryGetProperty("error", out JsonElement error) ? error.GetProperty("code").GetInt32() : 0;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        _limit.Dispose();
    }
}
