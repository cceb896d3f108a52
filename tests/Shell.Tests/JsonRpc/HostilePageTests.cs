using Nitro.JsonRpc;
using System.Net;
using System.Net.WebSockets;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>A web page the operator visits tries to read and to pay, as its browser would let it.</summary>
public sealed class HostilePageTests
{
    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://localhost")]
    [InlineData("http://127.0.0.1:4005")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("https://wallet.example.evil.example")]
    public async Task APageCannotPostReadOrSubscribe(string origin)
    {
        await using RpcFixture rpc = await ServeAsync();

        // A "simple" request: no preflight protects from it, so the server itself must refuse before acting.
        using HttpResponseMessage post = await rpc.SendAsync(HttpMethod.Post, "", rpc.Request("pay"), ("Origin", origin));
        using HttpResponseMessage token = await rpc.SendAsync(HttpMethod.Post, "", rpc.Request("get_auth_token"), ("Origin", origin));
        using HttpResponseMessage get = await rpc.SendAsync(HttpMethod.Get, "/health", null, ("Origin", origin));
        WebSocketException upgrade = await Assert.ThrowsAsync<WebSocketException>(() => rpc.SubscribeAsync(("Origin", origin)));

        Assert.All(new[] { post, token, get }, response =>
        {
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        });
        Assert.Contains("403", upgrade.Message, StringComparison.Ordinal);
        Assert.Empty(rpc.Node.Calls);
        Assert.Equal(0, rpc.Node.Readers);
    }

    [Fact]
    public async Task APreflightIsRefusedWithoutAnyPermission()
    {
        await using RpcFixture rpc = await ServeAsync();

        using HttpResponseMessage preflight = await rpc.SendAsync(
            HttpMethod.Options, "", null,
            ("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Private-Network", "true"));

        Assert.Equal(HttpStatusCode.Forbidden, preflight.StatusCode);
        Assert.DoesNotContain(preflight.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("rebound.evil.example")]
    [InlineData("rebound.evil.example:4005")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("10.0.0.7")]
    [InlineData("localhost.")]
    public async Task APageWhoseNameWasReboundToThisMachineIsRefused(string host)
    {
        await using RpcFixture rpc = await ServeAsync();

        // Same-origin for the browser: no Origin on GET, no preflight on POST. Only Host gives it away.
        using HttpResponseMessage post = await rpc.SendAsync(HttpMethod.Post, "", rpc.Request("pay"), ("Host", host));
        await Assert.ThrowsAsync<WebSocketException>(() => rpc.SubscribeAsync(("Host", host)));

        Assert.Equal(HttpStatusCode.Forbidden, post.StatusCode);
        Assert.Empty(rpc.Node.Calls);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:1234")]
    [InlineData("127.0.0.1:80")]
    [InlineData("127.3.2.1")]
    [InlineData("[::1]:4005")]
    [InlineData("node.example")]
    public async Task LoopbackNamesAndListedNamesAreServed(string host)
    {
        await using RpcFixture rpc = await ServeAsync();

        using HttpResponseMessage post = await rpc.SendAsync(HttpMethod.Post, "", rpc.Request("pay"), ("Host", host));

        Assert.Equal(HttpStatusCode.OK, post.StatusCode);
        Assert.Single(rpc.Node.Calls);
    }

    [Fact]
    public async Task AListedOriginMayCallReadAndSubscribe()
    {
        await using RpcFixture rpc = await ServeAsync();
        (string, string) origin = ("Origin", "https://wallet.example");

        using HttpResponseMessage preflight = await rpc.SendAsync(HttpMethod.Options, "", null, origin, ("Access-Control-Request-Method", "POST"));
        using HttpResponseMessage post = await rpc.SendAsync(HttpMethod.Post, "", rpc.Request("pay"), origin);
        using ClientWebSocket socket = await rpc.SubscribeAsync(origin);

        Assert.All(new[] { preflight, post }, response =>
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("https://wallet.example", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        });
        Assert.Equal(WebSocketState.Open, socket.State);
    }

    [Fact]
    public async Task GoNitroModeServesEveryPageAsGoNitroDoes()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions { Endpoint = RpcFixture.AnyPort, GoNitro = true });
        (string, string) origin = ("Origin", "https://any.example");

        using HttpResponseMessage preflight = await rpc.SendAsync(HttpMethod.Options, "", null, origin);
        using HttpResponseMessage post = await rpc.SendAsync(HttpMethod.Post, "", rpc.Request("pay"), origin);
        using ClientWebSocket socket = await rpc.SubscribeAsync(origin);

        Assert.All(new[] { preflight, post }, response => Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin"))));
        Assert.Equal("*", Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Headers")));
        Assert.Equal("text/plain; charset=utf-8", post.Content.Headers.ContentType!.ToString());
    }

    private static Task<RpcFixture> ServeAsync() => RpcFixture.StartAsync(
        new RpcOptions { Endpoint = RpcFixture.AnyPort, Origins = ["https://wallet.example"], Hosts = ["node.example"] });
}
