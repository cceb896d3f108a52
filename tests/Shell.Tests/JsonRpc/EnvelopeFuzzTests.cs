using Microsoft.Extensions.Logging.Abstractions;
using Nitro.JsonRpc;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>Whatever bytes come, one well-formed reply goes out, and no call without a token reaches the node.</summary>
public sealed class EnvelopeFuzzTests
{
    private static readonly string[] Splices =
        ["{", "}", "[", "]", "\"", ",", ":", "null", "-1", "1e999", "\\ud800", "\\u0000", "\"id\":", "\"params\":", "\u00ff", "99999999999999999999", " ", "\n"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TenThousandMutatedRequestsAreEachAnswered(bool goNitro)
    {
        var node = new StandInNode();
        Tokens tokens = Tokens.GoNitro();
        var handler = new RequestHandler(new RpcTenant("a", node, tokens), goNitro, NullLogger.Instance);
        var random = new Random(20_000 + (goNitro ? 1 : 0));
        string token = tokens.Issue("");
        byte[][] seeds =
        [
            Encoding.UTF8.GetBytes($$$$"""{"jsonrpc":"2.0","id":12345678901234567,"method":"pay","params":{"authtoken":"{{{{token}}}}","payload":{"Amount":7}}}"""),
            Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":"text","method":"get_auth_token","params":{"authtoken":"","payload":{"Id":"gui"}}}"""),
            Encoding.UTF8.GetBytes("""{"method":"get_address","id":3,"jsonrpc":"2.0","params":{"requestId":"0123456789abcdef"}}"""),
        ];

        for (int round = 0; round < 10_000; round++)
        {
            int before = node.Calls.Count;
            byte[] request = Mutate(seeds[random.Next(seeds.Length)], random);
            ReadOnlyMemory<byte>? reply = await handler.HandleAsync(request, new Caller(true, RpcId.Null), CancellationToken.None);

            using JsonDocument document = JsonDocument.Parse(reply!.Value);
            JsonElement root = document.RootElement;
            Assert.Equal("2.0", root.GetProperty("jsonrpc").GetString());
            Assert.True(root.TryGetProperty("result", out _) ^ root.TryGetProperty("error", out JsonElement error));
            if (error.ValueKind == JsonValueKind.Object)
            {
                Assert.Contains(error.GetProperty("code").GetInt32(), new[] { -32700, -32010, -32600, -32601, -32009, -32008, -32602 });
                Assert.Equal(before, node.Calls.Count);
            }
        }

        Assert.NotEmpty(node.Calls);
        Assert.All(node.Calls, call => Assert.True(call.Method is "pay" or "get_address" or "version"));
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        List<byte> bytes = [.. seed];
        for (int change = random.Next(4); change >= 0 && bytes.Count > 1; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 12), bytes.Count - at)); break;
                case 2: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Splices[random.Next(Splices.Length)])); break;
                case 3: bytes.RemoveRange(at, bytes.Count - at); break;
                default: bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count), 1)); break;
            }
        }

        return [.. bytes];
    }
}
