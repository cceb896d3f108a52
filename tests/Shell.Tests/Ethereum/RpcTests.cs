using Nitro.Devnet;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

public sealed class RpcTests
{
    public static TheoryData<string> Rubbish => new()
    {
        "",
        "<html>hello</html>",
        "null",
        "[]",
        "7",
        "{}",
        "{\"jsonrpc\":\"2.0\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":\"0x1\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":\"0x1\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"12\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0xzz\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0xffffffffffffffffffff\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\\ud800\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\u00ff\u00fe\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1e999,\"result\":\"0x1\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" + new string('[', 10_000),
    };

    [Theory]
    [MemberData(nameof(Rubbish))]
    public async Task RubbishIsTroubleOfTheEndpoint(string body)
    {
        await using var endpoint = FakeEndpoint.Http(body);
        await using var rpc = Open(endpoint.Url);
        var problem = await Assert.ThrowsAsync<EndpointException>(() => new EthereumNode(rpc).LatestHeightAsync(CancellationToken.None));
        Assert.Equal(EndpointTrouble.Rubbish, problem.Trouble);
    }

    [Theory]
    [InlineData("[{}]")]
    [InlineData("[7]")]
    [InlineData("{}")]
    [InlineData("[{\"address\":\"0x00\",\"topics\":[],\"data\":\"0x\",\"blockNumber\":\"0x1\",\"blockHash\":\"0x00\",\"logIndex\":\"0x0\",\"transactionHash\":\"0x00\"}]")]
    [InlineData("[{\"topics\":{}}]")]
    public async Task RubbishLogsAreTroubleOfTheEndpoint(string logs)
    {
        await using var endpoint = FakeEndpoint.Http($"{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{logs}}}");
        await using var rpc = Open(endpoint.Url);
        var problem = await Assert.ThrowsAsync<EndpointException>(() => new EthereumNode(rpc).LogsAsync(new byte[20], 0, 9, CancellationToken.None));
        Assert.Equal(EndpointTrouble.Rubbish, problem.Trouble);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", EndpointTrouble.Unreachable)]
    [InlineData("not http at all\r\n\r\n", EndpointTrouble.Unreachable)]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad", EndpointTrouble.Unreachable)]
    [InlineData("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", EndpointTrouble.Unauthorised)]
    public async Task BrokenHttpIsNamed(string answer, EndpointTrouble trouble)
    {
        await using var endpoint = new FakeEndpoint(answer);
        await using var rpc = Open(endpoint.Url);
        var problem = await Assert.ThrowsAsync<EndpointException>(() => rpc.CallAsync("eth_chainId", null, CancellationToken.None));
        Assert.Equal(trouble, problem.Trouble);
    }

    [Fact]
    public async Task AnswerBeyondTheBoundIsCutOff()
    {
        await using var endpoint = FakeEndpoint.Http(new string(' ', 200_000));
        await using var rpc = Open(endpoint.Url);
        var problem = await Assert.ThrowsAsync<EndpointException>(() => rpc.CallAsync("eth_chainId", null, CancellationToken.None));
        Assert.Equal(EndpointTrouble.TooLarge, problem.Trouble);
    }

    [Fact]
    public async Task SilenceEndsWithTheTimeout()
    {
        await using var endpoint = new FakeEndpoint(string.Empty);
        await using var rpc = EthereumRpc.Open(endpoint.Url, null, TimeSpan.FromMilliseconds(100), 100_000);
        var problem = await Assert.ThrowsAsync<EndpointException>(() => rpc.CallAsync("eth_chainId", null, CancellationToken.None));
        Assert.Equal(EndpointTrouble.TimedOut, problem.Trouble);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("ws://127.0.0.1:1")]
    public async Task NobodyThereIsUnreachable(string url)
    {
        await using var rpc = Open(new Uri(url));
        var problem = await Assert.ThrowsAsync<EndpointException>(() => rpc.CallAsync("eth_chainId", null, CancellationToken.None));
        Assert.Equal(EndpointTrouble.Unreachable, problem.Trouble);
        Assert.Equal($"The chain endpoint {url} cannot be reached: Connection refused. Start it, or correct its URL.", problem.Message);
    }

    [Fact]
    public async Task HttpServerIsNoWebSocket()
    {
        await using var endpoint = FakeEndpoint.Http("{}");
        await using var rpc = Open(new UriBuilder(endpoint.Url) { Scheme = "ws" }.Uri);
        await Assert.ThrowsAsync<EndpointException>(() => rpc.CallAsync("eth_chainId", null, CancellationToken.None));
    }

    [Theory]
    [InlineData("{\"code\":3,\"message\":\"execution reverted\",\"data\":\"@\"}")]
    [InlineData("{\"code\":-32000,\"message\":\"execution reverted\",\"data\":{\"data\":\"@\"}}")]
    public async Task RevertCarriesTheContractsReason(string error)
    {
        var data = "0x08c379a0" + Hex.Bytes([.. Hex.Word(32), .. Hex.Word(2), (byte)'n', (byte)'o', .. new byte[30]])[2..];
        await using var endpoint = FakeEndpoint.Http($"{{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{error.Replace("@", data, StringComparison.Ordinal)}}}", "400 Bad Request");
        await using var rpc = Open(endpoint.Url);
        var problem = await Assert.ThrowsAsync<NodeErrorException>(() => rpc.CallAsync("eth_call", null, CancellationToken.None));
        Assert.True(problem.IsRevert);
        Assert.Equal("no", problem.Reason);
        Assert.True(rpc.Connected);
    }

    [Fact]
    public async Task TokenIsSentAndNotShown()
    {
        await using var endpoint = FakeEndpoint.Http("bad", "403 Forbidden");
        await using var rpc = EthereumRpc.Open(new Uri(endpoint.Url, "/secret-path"), "secret-token", TimeSpan.FromSeconds(5), 1000);
        var problem = await Assert.ThrowsAsync<EndpointException>(() => rpc.CallAsync("eth_chainId", null, CancellationToken.None));
        Assert.Contains("Authorization: Bearer secret-token", endpoint.LastRequest, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherSchemesAreRefused() => Assert.Throws<EthereumSetupException>(() => Open(new Uri("ftp://127.0.0.1")));

    [Fact]
    public async Task WebSocketConnectsAnewAfterItsNodeCameBack()
    {
        var anvil = await Anvil.StartAsync(new AnvilOptions { DevnetFolder = Repository.DevnetFolder }, CancellationToken.None);
        await using var rpc = Open(anvil.WsUrl);
        await rpc.CallAsync("eth_chainId", null, CancellationToken.None);
        await anvil.DisposeAsync();
        await Assert.ThrowsAsync<EndpointException>(() => rpc.CallAsync("eth_chainId", null, CancellationToken.None));
        await using var again = await Anvil.StartAsync(new AnvilOptions { DevnetFolder = Repository.DevnetFolder, Port = anvil.Port }, CancellationToken.None);
        await rpc.CallAsync("eth_chainId", null, CancellationToken.None);
        Assert.Equal(2, rpc.Transport.Connection);
    }

    private static EthereumRpc Open(Uri url) => EthereumRpc.Open(url, null, TimeSpan.FromSeconds(5), 100_000);
}
