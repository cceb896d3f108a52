using System.Buffers.Text;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text;
using Nitro.JsonRpc;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>Vectors 33: requests and answers byte for byte, over HTTP in go-nitro mode; notifications over WebSocket.</summary>
public sealed class RpcVectorTests
{
    private static readonly VectorFile File = new("33-json-rpc.json");

    public static TheoryData<string> Ids => File.Ids;

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Vector(string id)
    {
        if (File.Find(id) is not { } vector)
        {
            Assert.Equal(VectorFile.Absent, id);
            return;
        }

        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions { Endpoint = RpcFixture.AnyPort, GoNitro = true });
        await (vector.Input.TryGetProperty("notification", out _)
            ? CheckNotificationAsync(rpc, vector.Expected.GetProperty("json").GetString()!)
            : CheckRequestAsync(rpc, vector.Input, vector.Expected.GetProperty("response").GetString()!));
    }

    private static async Task CheckRequestAsync(RpcFixture rpc, JsonElement input, string expected)
    {
        expected = expected.Replace("@VERSION@", "(devel)", StringComparison.Ordinal);
        string permission = input.GetProperty("permission").GetString()!;
        string request = input.GetProperty("request").GetString()!.Replace("@TOKEN@", TokenWith(permission), StringComparison.Ordinal);
        rpc.Node.Answer = (call, _) => ValueTask.FromResult(AnswerOf(call, expected));

        string reply = await rpc.PostAsync(request);

        if (!expected.Contains("@JWT", StringComparison.Ordinal))
        {
            Assert.Equal(expected, reply);
            return;
        }

        string token = JsonDocument.Parse(reply).RootElement.GetProperty("result").GetString()!;
        string subject = expected.Contains("sub=gui", StringComparison.Ordinal) ? "gui" : "";
        Assert.True(rpc.Tokens.Allows(token, "read") && rpc.Tokens.Allows(token, "sign"));
        Assert.Equal("""{"alg":"HS256","typ":"JWT"}""", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[0])));
        Assert.Matches($$"""^\{"iat":\d+,"perm":\["read","sign"\],"sub":"{{subject}}"\}$""", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[1])));
        Assert.Equal(expected[..expected.IndexOf("@JWT", StringComparison.Ordinal)] + token + "\"}", reply);
    }

    private static async Task CheckNotificationAsync(RpcFixture rpc, string expected)
    {
        using JsonDocument wanted = JsonDocument.Parse(expected);
        using ClientWebSocket socket = await rpc.SubscribeAsync();
        rpc.Node.Publish(
            wanted.RootElement.GetProperty("method").GetString()!, wanted.RootElement.GetProperty("params").GetProperty("payload").GetRawText());

        string received = (await rpc.ReceiveAsync(socket))!;

        using JsonDocument got = JsonDocument.Parse(received);
        string id = got.RootElement.GetProperty("id").GetUInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(expected, received.Replace($"\"id\":{id},", $"\"id\":{wanted.RootElement.GetProperty("id").GetRawText()},", StringComparison.Ordinal));
    }

    private static NodeAnswer AnswerOf(StandInCall call, string expected)
    {
        if (StandInParser.Check(call) is { } problem)
        {
            return new NodeAnswer(default, problem);
        }

        JsonElement reply = JsonDocument.Parse(expected).RootElement;
        return reply.TryGetProperty("result", out JsonElement result)
            ? new NodeAnswer(Encoding.UTF8.GetBytes(result.GetRawText()), null)
            : new NodeAnswer(default, new NodeProblem(-32603, reply.GetProperty("error").GetProperty("message").GetString()!, "refused", "try another"));
    }

    private static string TokenWith(string permission)
    {
        string header = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);
        string claims = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
            $$"""{"iat":{{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}},"perm":["{{permission}}"],"sub":""}"""));
        byte[] mac = HMACSHA256.HashData("rpcPK"u8, Encoding.ASCII.GetBytes($"{header}.{claims}"));
        return $"{header}.{claims}.{Base64Url.EncodeToString(mac)}";
    }
}
