using Nitro.JsonRpc;
using Nitro.Ports;
using System.Text;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>The outer form of requests, and in which order its faults are reported.</summary>
public sealed class EnvelopeTests
{
    private const string Big = "17293822569102704641"; // 17293822569102704640 as a double

    [Theory]
    [InlineData("", -32700, "0")]
    [InlineData("{\"id\":1", -32700, "0")]
    [InlineData("{} {}", -32700, "0")]
    [InlineData("{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"\\ud800\"}", -32700, "0")]
    [InlineData("7", -32010, "0")]
    [InlineData("[]", -32010, "0")]
    [InlineData("{\"id\":-1,\"jsonrpc\":\"2.0\",\"method\":\"m\"}", -32600, "0")]
    [InlineData("{\"id\":1.5,\"jsonrpc\":\"2.0\",\"method\":\"m\"}", -32600, "0")]
    [InlineData("{\"id\":18446744073709551616,\"jsonrpc\":\"2.0\",\"method\":\"m\"}", -32600, "0")]
    [InlineData("{\"id\":18446744073709551615,\"jsonrpc\":\"2.0\",\"method\":\"m\"}", -32600, "0")]
    [InlineData("{\"id\":1e999,\"jsonrpc\":\"2.0\",\"method\":\"m\"}", -32600, "0")]
    [InlineData("{\"id\":\"x\",\"jsonrpc\":\"2.0\",\"method\":\"m\"}", -32600, "0")]
    [InlineData("{\"id\":null,\"jsonrpc\":\"2.0\",\"method\":\"m\"}", -32600, "0")]
    [InlineData("{\"id\":" + Big + ",\"jsonrpc\":\"1.0\",\"method\":\"m\"}", -32600, "17293822569102704640")]
    [InlineData("{\"id\":" + Big + ",\"jsonrpc\":\"2.0\",\"method\":7}", -32600, "17293822569102704640")]
    [InlineData("{\"id\":" + Big + ",\"jsonrpc\":\"2.0\",\"method\":\"other\"}", -32601, "17293822569102704640")]
    [InlineData("{\"id\":" + Big + ",\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[]}", -32009, Big)]
    [InlineData("{\"id\":" + Big + ",\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{\"authtoken\":1}}", -32009, Big)]
    [InlineData("{\"id\":3,\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{\"requestId\":{}}}", -32009, "3")]
    public void FaultsAreReportedInOrderUnderTheRightId(string request, int code, string id)
    {
        EnvelopeReading reading = Read(request, goNitro: true);

        Assert.Equal((code, id), (reading.Problem!.Code, reading.Id.Json));
    }

    [Theory]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":" + Big + ",\"method\":\"m\"}", Big, "", "", null)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":2.0,\"method\":\"m\",\"params\":null}", "2", "", "", null)]
    [InlineData("{\"JSONRPC\":\"2.0\",\"Id\":1,\"METHOD\":\"m\",\"Params\":{\"AuthToken\":\"t\",\"PAYLOAD\":{ \"A\" : 1 }}}", "1", "t", "{ \"A\" : 1 }", null)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"payload\":null,\"authtoken\":null,\"more\":1}}", "1", "", "", null)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"requestId\":\"r\",\"payload\":[1]}}", "1", "", "[1]", "r")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"method\":\"m\",\"params\":{\"payload\":1e400}}", "1", "", "1e400", null)]
    public void WellFormedRequestsAreReadExactly(string request, string id, string token, string payload, string? requestId)
    {
        Envelope envelope = Read(request, goNitro: true).Envelope!;

        Assert.Equal(
            (id, "m", token, payload, requestId),
            (envelope.Id.Json, envelope.Method, envelope.AuthToken, Encoding.UTF8.GetString(envelope.Payload.Span), envelope.RequestId));
    }

    [Theory]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":\"a-1\",\"method\":\"m\"}", 0, "\"a-1\"")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":" + Big + ",\"method\":\"other\"}", -32601, Big)]
    [InlineData("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}]", -32600, "0")]
    [InlineData("\"text\"", -32010, "0")]
    public void OutsideGoNitroModeTextIdsAreTakenNumbersStayExactAndBatchesAreNamed(string request, int code, string id)
    {
        EnvelopeReading reading = Read(request, goNitro: false);

        Assert.Equal((code, id), (reading.Problem?.Code ?? 0, reading.Id.Json));
    }

    [Fact]
    public void ALongTextIdIsRefused()
    {
        EnvelopeReading reading = Read($$"""{"jsonrpc":"2.0","id":"{{new string('a', 300)}}","method":"m"}""", goNitro: false);

        Assert.Equal((-32600, "0"), (reading.Problem!.Code, reading.Id.Json));
    }

    [Fact]
    public void BytesThatAreNoTextAreAParseError()
    {
        byte[] request = [.. "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m"u8, 0xff, .. "\"}"u8];

        Assert.Equal(-32700, Envelope.Read(request, false, RpcId.Null, _ => true).Problem!.Code);
    }

    [Theory]
    [InlineData(false, """{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"it's <gone>","data":{"tag":"gone","next":"look again"}}}""")]
    [InlineData(true, """{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"it's <gone>","data":null}}""")]
    public void ErrorsSayTagAndNextStepOutsideGoNitroMode(bool goNitro, string expected)
    {
        ReadOnlyMemory<byte> reply = Frames.Error(new RpcId("7"), new NodeProblem(-32603, "it's <gone>", "gone", "look again"), goNitro);

        Assert.Equal(expected, Encoding.UTF8.GetString(reply.Span));
    }

    private static EnvelopeReading Read(string request, bool goNitro) =>
        Envelope.Read(Encoding.UTF8.GetBytes(request), goNitro, RpcId.Zero, method => method == "m");
}
