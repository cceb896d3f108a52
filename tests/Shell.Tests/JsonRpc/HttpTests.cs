using Nitro.JsonRpc;
using Nitro.Ports;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>Paths, methods, sizes and what is handed to the node.</summary>
public sealed class HttpTests
{
    [Fact]
    public async Task HealthAnswersAnyMethodAndOtherPathsAreNotFound()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();

        foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Post, HttpMethod.Delete })
        {
            using HttpResponseMessage health = await rpc.SendAsync(method, "/health", null);
            Assert.Equal("OK", await health.Content.ReadAsStringAsync(rpc.Limit));
        }

        using HttpResponseMessage named = await rpc.Http.GetAsync(new Uri(rpc.Api, "/t/alice/api/v1/health"), rpc.Limit);
        Assert.Equal(HttpStatusCode.OK, named.StatusCode);
        foreach (string path in new[] { "/", "/api/v2", "/api/v1/", "/api/v1/other", "/t/bob/api/v1", "/t/alice" })
        {
            using HttpResponseMessage response = await rpc.Http.PostAsync(new Uri(rpc.Api, path), null, rpc.Limit);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    [Fact]
    public async Task OtherMethodsAreNotAllowedAndSubscribeWantsAnUpgrade()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();

        foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Options, HttpMethod.Head })
        {
            using HttpResponseMessage response = await rpc.SendAsync(method, "", null);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        }

        using HttpResponseMessage plain = await rpc.SendAsync(HttpMethod.Get, "/subscribe", null);
        Assert.Equal(HttpStatusCode.BadRequest, plain.StatusCode);
    }

    [Theory]
    [InlineData(false, 1024 * 1024, true)]
    [InlineData(false, 1024 * 1024, false)]
    [InlineData(true, 8192, true)]
    [InlineData(true, 8192, false)]
    public async Task ABodyOfExactlyTheLimitIsAnsweredAndOneByteMoreIsNot(bool goNitro, int limit, bool chunked)
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions { Endpoint = RpcFixture.AnyPort, GoNitro = goNitro });
        string request = rpc.Request("get_address");
        rpc.Http.DefaultRequestHeaders.TransferEncodingChunked = chunked;

        Assert.Equal(0, RpcFixture.CodeOf(await rpc.PostAsync(request.PadRight(limit))));
        using HttpResponseMessage refused = await rpc.SendAsync(HttpMethod.Post, "", request.PadRight(limit + 1));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Equal("Request Entity Too Large", await refused.Content.ReadAsStringAsync(rpc.Limit));
        Assert.Single(rpc.Node.Calls);
    }

    [Fact]
    public async Task ThePayloadAndTheRequestIdReachTheNodeUntouched()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        string token = rpc.Tokens.Issue("");

        await rpc.PostAsync($$$$"""{"jsonrpc":"2.0","id":1,"method":"pay","params":{"authtoken":"{{{{token}}}}","requestId":"aB3_-.:456789012","payload":{ "Amount" : 18446744073709551615 }}}""");
        await rpc.PostAsync($$$"""{"jsonrpc":"2.0","id":1,"method":"get_all_ledger_channels","params":{"authtoken":"{{{token}}}"}}""");

        Assert.Equal(
            [new StandInCall("pay", """{ "Amount" : 18446744073709551615 }""", "aB3_-.:456789012"), new StandInCall("get_all_ledger_channels", "", null)],
            rpc.Node.Calls);
    }

    [Theory]
    [InlineData("0123456789abcde")]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234")]
    [InlineData("0123456789abcdef ")]
    [InlineData("0123456789abcdé0")]
    public async Task AMalformedRequestIdIsRefusedBeforeTheNode(string requestId)
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();

        string reply = await rpc.PostAsync(
            $$$"""{"jsonrpc":"2.0","id":1,"method":"pay","params":{"authtoken":"{{{rpc.Tokens.Issue("")}}}","requestId":"{{{requestId}}}"}}""");

        Assert.Equal(-32602, RpcFixture.CodeOf(reply));
        Assert.Empty(rpc.Node.Calls);
    }

    [Fact]
    public async Task ANodeThatThrowsIsAnsweredForAndTheNextRequestWorks()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        rpc.Node.Answer = (_, _) => throw new InvalidOperationException("our bug");
        string failed = await rpc.PostAsync(rpc.Request("pay"));
        rpc.Node.Answer = (_, _) => ValueTask.FromResult(new NodeAnswer("[]"u8.ToArray(), null));

        Assert.Equal(-32603, RpcFixture.CodeOf(failed));
        Assert.DoesNotContain("our bug", failed, StringComparison.Ordinal);
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":[]}""", await rpc.PostAsync(rpc.Request("pay")));
    }

    [Fact]
    public async Task AnyContentTypeIsTakenAndJsonIsNamedInTheAnswer()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(rpc.Request("get_address")));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");

        using HttpResponseMessage response = await rpc.Http.PostAsync(rpc.Api, content, rpc.Limit);

        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":{"ok":true}}""", await response.Content.ReadAsStringAsync(rpc.Limit));
    }

    [Fact]
    public async Task ABodyThatNeverComesEndsTheConnection()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(
            new RpcOptions { Endpoint = RpcFixture.AnyPort, ReadTimeout = TimeSpan.FromMilliseconds(300) });
        using var client = new TcpClient();
        await client.ConnectAsync(rpc.Api.Host, rpc.Api.Port, rpc.Limit);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync("POST /api/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"u8.ToArray(), rpc.Limit);

        Assert.Equal(0, await ReadToEndAsync(stream, rpc.Limit));
        Assert.Equal(0, RpcFixture.CodeOf(await rpc.PostAsync(rpc.Request("get_address"))));
    }

    [Fact]
    public async Task ConnectionsOverTheLimitAreClosedAndTheOthersGoOn()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions { Endpoint = RpcFixture.AnyPort, MaxConnections = 1 });
        Assert.Equal(0, RpcFixture.CodeOf(await rpc.PostAsync(rpc.Request("get_address"))));
        using var second = new TcpClient();
        await second.ConnectAsync(rpc.Api.Host, rpc.Api.Port, rpc.Limit);

        Assert.Equal(0, await ReadToEndAsync(second.GetStream(), rpc.Limit));
        Assert.Equal(0, RpcFixture.CodeOf(await rpc.PostAsync(rpc.Request("get_address"))));
    }

    private static async Task<int> ReadToEndAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(new byte[1024], cancellationToken);
        }
        catch (IOException)
        {
            return 0; // a reset ends a connection too
        }
    }
}
