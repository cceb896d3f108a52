using Nitro.JsonRpc;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>
/// go-nitro's TypeScript client as reference 8.6 has it: TLS, subscribe first, then requests with the id last and axios's content type;
/// its schemas take no key at the top of an answer but the four known ones.
/// </summary>
public sealed class TypeScriptClientTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ItsOpeningSequenceWorks(bool goNitro)
    {
        using var certificate = new TestCertificate();
        var endpoint = new RpcEndpoint(IPAddress.Loopback, 0, certificate.CertificateFile, certificate.KeyFile);
        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions { Endpoint = endpoint, GoNitro = goNitro });
        using var trusting = new SocketsHttpHandler { UseProxy = false };
        trusting.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        using var http = new HttpClient(trusting);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{rpc.Api.Port}/api/v1/subscribe"), http, rpc.Limit);

        string token = (await PostAsync(rpc, http, "get_auth_token", "", "{}")).GetProperty("result").GetString()!;
        JsonElement opened = await PostAsync(rpc, http, "create_ledger_channel", token, """{"CounterParty":"0xBBB676f9cFF8D242e9eaC39D063848807d3D1D94","AppData":"0x00","Nonce":1700000000000}""");
        JsonElement refused = await PostAsync(rpc, http, "pay", "", """{"Amount":1}""");
        rpc.Node.Publish("ledger_channel_updated", """{"ID":"0x1"}""");
        using JsonDocument heard = JsonDocument.Parse((await rpc.ReceiveAsync(socket))!);

        Assert.True(opened.GetProperty("result").GetProperty("ok").GetBoolean());
        Assert.Equal(-32008, refused.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal(goNitro ? JsonValueKind.Null : JsonValueKind.Object, refused.GetProperty("error").GetProperty("data").ValueKind);
        Assert.Equal("ledger_channel_updated", heard.RootElement.GetProperty("method").GetString());
        Assert.Equal("0x1", heard.RootElement.GetProperty("params").GetProperty("payload").GetProperty("ID").GetString());
    }

    private static async Task<JsonElement> PostAsync(RpcFixture rpc, HttpClient http, string method, string token, string payload)
    {
        string request = $$$"""{"jsonrpc":"2.0","method":"{{{method}}}","params":{"authtoken":"{{{token}}}","payload":{{{payload}}} },"id":123456789}""";
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(request));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        using HttpResponseMessage response = await http.PostAsync(rpc.Api, content, rpc.Limit);
        JsonElement reply = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(rpc.Limit)).RootElement;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(123456789u, reply.GetProperty("id").GetUInt32());
        Assert.All(reply.EnumerateObject(), key => Assert.Contains(key.Name, new[] { "jsonrpc", "id", "result", "error" }));
        return reply;
    }
}
