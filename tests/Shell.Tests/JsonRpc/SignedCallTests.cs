using System.Net.WebSockets;
using System.Text;
using Nitro.JsonRpc;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary><c>params.signed</c>, on whichever transport: all of it or none.</summary>
public sealed class SignedCallTests
{
    private const string Body = """{"jsonrpc":"2.0","id":1,"method":"get_address","params":{"payload":{ "a":1 },"signed":{"envelope":"AQI=","signature":"AwQ="}}}""";

    [Fact]
    public async Task ItReachesTheNodeAlikeOverHttpAndWebSocket()
    {
        await using RpcFixture fixture = await RpcFixture.StartAsync();
        await fixture.PostAsync(Body);
        using ClientWebSocket socket = await fixture.SubscribeAsync();
        await socket.SendAsync(Encoding.UTF8.GetBytes(Body), WebSocketMessageType.Text, true, fixture.Limit);
        await fixture.ReceiveAsync(socket);
        await fixture.PostAsync(fixture.Request("get_address"));

        StandInCall[] calls = [.. fixture.Node.Calls];
        Assert.Equal(3, calls.Length);
        foreach (StandInCall call in calls[..2])
        {
            Assert.Equal("""{ "a":1 }""", call.Payload);
            Assert.Equal([1, 2], call.Signature!.Envelope.ToArray());
            Assert.Equal([3, 4], call.Signature.Signature.ToArray());
        }

        Assert.Null(calls[2].Signature);
    }

    [Fact]
    public async Task AClientSignsThePayloadAsItIsSent()
    {
        await using RpcFixture fixture = await RpcFixture.StartAsync();
        var signed = new List<(string Method, string Payload)>();
        using var client = new RpcClient(fixture.Api, new RpcClientOptions
        {
            Sign = (method, payload) =>
            {
                signed.Add((method, Encoding.UTF8.GetString(payload.Span)));
                return new CallSignature(new byte[] { 1 }, new byte[] { 2 });
            },
        });
        await client.CallAsync("pay", """{ "Amount": 5 }"""u8.ToArray(), null, fixture.Limit);
        await client.CallAsync("get_address", ReadOnlyMemory<byte>.Empty, null, fixture.Limit);

        Assert.Equal([("pay", """{ "Amount": 5 }"""), ("get_address", "{}")], signed);
        Assert.Equal(signed, fixture.Node.Calls.Select(call => (call.Method, call.Payload)));
        Assert.All(fixture.Node.Calls, call => Assert.Equal([1], call.Signature!.Envelope.ToArray()));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("true")]
    [InlineData("\"\"")]
    [InlineData("""{"envelope":"AQI="}""")]
    [InlineData("""{"signature":"AQI="}""")]
    [InlineData("""{"envelope":"AQI=","signature":null}""")]
    [InlineData("""{"envelope":"AQI=","signature":""}""")]
    [InlineData("""{"envelope":"AQI=","signature":"AQI"}""")]
    [InlineData("""{"envelope":"AQI=","signature":5}""")]
    [InlineData("""{"envelope":"-_==","signature":"AQI="}""")]
    [InlineData("""{"envelope":"AQI=","signature":"AQI=","signature":""}""")]
    public async Task HalfASignatureIsNoCall(string signed)
    {
        await using RpcFixture fixture = await RpcFixture.StartAsync();
        string reply = await fixture.PostAsync($$$"""{"jsonrpc":"2.0","id":1,"method":"get_address","params":{"payload":{},"signed":{{{signed}}}}}""");
        Assert.Equal(-32012, RpcFixture.CodeOf(reply));
        Assert.Contains("signature-partial", reply, StringComparison.Ordinal);
        Assert.Empty(fixture.Node.Calls);
    }
}
