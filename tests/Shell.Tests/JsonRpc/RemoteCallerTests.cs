using Nitro.JsonRpc;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>Callers that are not on this machine: told by the name they call by, or by a proxy's headers.</summary>
public sealed class RemoteCallerTests
{
    private static readonly string Secret = Convert.ToHexStringLower(new byte[32]);

    [Theory]
    [InlineData("Host", "node.example")]
    [InlineData("X-Forwarded-For", "10.0.0.9")]
    [InlineData("Forwarded", "for=10.0.0.9")]
    public async Task ATokenIsGivenForTheSecretOnly(string header, string value)
    {
        await using RpcFixture rpc = await ServeAsync();

        string none = await AskAsync(rpc, "{}", header, value);
        string wrong = await AskAsync(rpc, $$"""{"Secret":"{{Secret.Replace('0', '1')}}"}""", header, value);
        string right = await AskAsync(rpc, $$"""{"Secret":"{{Secret}}"}""", header, value);

        Assert.Equal((-32008, -32008, 0), (RpcFixture.CodeOf(none), RpcFixture.CodeOf(wrong), RpcFixture.CodeOf(right)));
        Assert.Contains("key file", none, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NotificationsWaitForATokenInTheUpgradeOrInARequest()
    {
        await using RpcFixture rpc = await ServeAsync();
        string token = rpc.Tokens.Issue("");
        using ClientWebSocket late = await rpc.SubscribeAsync(("Host", "node.example"));
        Assert.Equal(0, rpc.Node.Readers);
        rpc.Node.Publish("objective_completed", "\"unheard\"");
        using ClientWebSocket early = await rpc.SubscribeAsync(("Host", "node.example"), ("Authorization", $"Bearer {token}"));
        await SubscriberTests.SendAsync(rpc, late, rpc.Request("pay", token: "nonsense"));
        Assert.Equal(-32008, RpcFixture.CodeOf((await rpc.ReceiveAsync(late))!));
        rpc.Node.Publish("objective_completed", "\"early\"");
        Assert.Contains("early", await rpc.ReceiveAsync(early), StringComparison.Ordinal);

        await SubscriberTests.SendAsync(rpc, late, rpc.Request("get_all_ledger_channels", token: token));
        Assert.Equal(0, RpcFixture.CodeOf((await rpc.ReceiveAsync(late))!));
        rpc.Node.Publish("objective_completed", "\"both\"");

        Assert.Contains("both", await rpc.ReceiveAsync(late), StringComparison.Ordinal);
        Assert.Contains("both", await rpc.ReceiveAsync(early), StringComparison.Ordinal);
    }

    private static Task<RpcFixture> ServeAsync() =>
        RpcFixture.StartAsync(new RpcOptions { Endpoint = RpcFixture.AnyPort, Hosts = ["node.example"] });

    private static async Task<string> AskAsync(RpcFixture rpc, string payload, string header, string value)
    {
        using HttpResponseMessage response = await rpc.SendAsync(HttpMethod.Post, "", rpc.Request("get_auth_token", payload, ""), (header, value));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(rpc.Limit);
    }
}
