using System.Text.Json.Nodes;
using Xunit;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>npm's grpc-js calls our server: all kinds of methods, and all that may go wrong with them.</summary>
public sealed class NodeClientTests
{
    private static readonly JsonNode Expected = JsonNode.Parse("""
        {
          "say": { "text": "héllo", "number": -7 },
          "gather": { "number": 5050 },
          "gathered": 100,
          "count": { "numbers": [1, 2, 3, 4, 5], "code": 0 },
          "chat": { "numbers": [1, 2, 3, 4], "code": 0 },
          "headers": { "text": "one, two, three", "raw": ["0001feff", ""] },
          "trailers": { "text": "one, two, three", "raw": ["0001feff", ""] },
          "fail": { "code": 9, "message": "grüße ☃ 100%\nend", "why": ["because"], "raw": ["00ff07"] },
          "failAfterTwo": { "numbers": [1, 2], "code": 9 },
          "thrown": { "code": 2, "details": "The handler failed; the server's log tells why." },
          "unknown": 12,
          "deadline": 4,
          "deaf": 4,
          "cancelled": { "numbers": ["forever"], "code": 1 },
          "big": 3145728,
          "tooBig": 8,
          "packed": 1048576,
          "bomb": 8
        }
        """)!;

    [Theory]
    [InlineData(Transport.Plain, " from 127.0.0.1")]
    [InlineData(Transport.Tls, "CN=client from 127.0.0.1")]
    [InlineData(Transport.Unix, " from ")]
    public async Task ItFindsWhatItShould(Transport transport, string who)
    {
        await using EchoServer echo = await EchoServer.StartAsync(transport);

        string report = await NodePeer.CallAsync(echo.Address, transport == Transport.Tls ? echo.Authority.Folder : null, echo.Limit);

        JsonObject found = JsonNode.Parse(report)!.AsObject();
        Assert.Equal(who, (string?)found["who"]);
        found.Remove("who");
        Assert.True(JsonNode.DeepEquals(Expected, found), report);
        echo.Service.Release();
        await echo.IdleAsync();
    }
}
