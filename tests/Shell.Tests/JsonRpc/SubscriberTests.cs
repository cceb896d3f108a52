using Nitro.JsonRpc;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>Subscribers good and bad, and requests on their sockets.</summary>
public sealed class SubscriberTests
{
    [Fact]
    public async Task EverySubscriberHearsEverythingAndRequestsAreAnsweredOnTheSameSocket()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        using ClientWebSocket first = await rpc.SubscribeAsync();
        using ClientWebSocket second = await rpc.SubscribeAsync();

        rpc.Node.Publish("objective_completed", "\"VirtualFund-0x1\"");
        await SendAsync(rpc, first, rpc.Request("get_address", id: "77"));

        string heard = (await rpc.ReceiveAsync(first))!;
        string answered = (await rpc.ReceiveAsync(first))!;
        (heard, answered) = heard.Contains("result", StringComparison.Ordinal) ? (answered, heard) : (heard, answered);
        Assert.Equal("""{"jsonrpc":"2.0","id":77,"result":{"ok":true}}""", answered);
        Assert.EndsWith(""","method":"objective_completed","params":{"authtoken":"","payload":"VirtualFund-0x1"}}""", heard, StringComparison.Ordinal);
        Assert.Equal(heard, await rpc.ReceiveAsync(second));
    }

    [Fact]
    public async Task RequestsOnASocketRunSideBySide()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        var release = new TaskCompletionSource();
        rpc.Node.Answer = async (call, token) =>
        {
            await (call.Method == "pay" ? release.Task.WaitAsync(token) : Task.CompletedTask);
            return new("1"u8.ToArray(), null);
        };
        using ClientWebSocket socket = await rpc.SubscribeAsync();

        await SendAsync(rpc, socket, rpc.Request("pay", id: "1"));
        await SendAsync(rpc, socket, rpc.Request("get_address", id: "2"));

        Assert.Contains("\"id\":2", await rpc.ReceiveAsync(socket), StringComparison.Ordinal);
        release.SetResult();
        Assert.Contains("\"id\":1", await rpc.ReceiveAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASlowSubscriberIsClosedWithAReasonWhileAnotherMissesNothing()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(
            new RpcOptions { Endpoint = RpcFixture.AnyPort, SubscriberQueue = 20, CloseTimeout = TimeSpan.FromSeconds(20) });
        using ClientWebSocket slow = await rpc.SubscribeAsync();
        using ClientWebSocket quick = await rpc.SubscribeAsync();
        string payload = JsonSerializer.Serialize(new string('x', 256 * 1024));

        for (int sent = 0; sent < 100; sent++)
        {
            rpc.Node.Publish("ledger_channel_updated", payload);
            Assert.NotNull(await rpc.ReceiveAsync(quick));
        }

        // 25 MiB are more than two socket buffers and 20 places hold, so the slow one was given up. It reads on to learn why.
        int heard = 0;
        while (await rpc.ReceiveAsync(slow) is not null)
        {
            heard++;
        }

        Assert.InRange(heard, 1, 99);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, slow.CloseStatus);
        Assert.Contains("more than 20 notifications", slow.CloseStatusDescription, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASubscriberThatTakesNothingAtAllIsCutOff()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions
        {
            Endpoint = RpcFixture.AnyPort,
            SubscriberQueue = 20,
            MaxSubscribers = 2,
            CloseTimeout = TimeSpan.FromMilliseconds(200),
        });
        using TcpClient dead = await UpgradeAsync(rpc);
        using ClientWebSocket quick = await rpc.SubscribeAsync();
        string payload = JsonSerializer.Serialize(new string('x', 256 * 1024));

        for (int sent = 0; sent < 100; sent++)
        {
            rpc.Node.Publish("ledger_channel_updated", payload);
            Assert.NotNull(await rpc.ReceiveAsync(quick));
        }

        using ClientWebSocket next = await SubscribeWhenFreeAsync(rpc);
        Assert.Equal(WebSocketState.Open, next.State);
    }

    [Fact]
    public async Task ASubscriberThatAnswersNoPingIsGivenUpAndItsPlaceIsFree()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions
        {
            Endpoint = RpcFixture.AnyPort,
            MaxSubscribers = 1,
            KeepAlive = TimeSpan.FromMilliseconds(200),
            CloseTimeout = TimeSpan.FromMilliseconds(200),
        });
        using TcpClient dead = await UpgradeAsync(rpc);
        WebSocketException full = await Assert.ThrowsAsync<WebSocketException>(() => rpc.SubscribeAsync());
        Assert.Contains("503", full.Message, StringComparison.Ordinal);

        using ClientWebSocket next = await SubscribeWhenFreeAsync(rpc);
        Assert.Equal(WebSocketState.Open, next.State);
    }

    [Fact]
    public async Task AMessageOverTheLimitClosesTheSocketWithAReason()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions { Endpoint = RpcFixture.AnyPort, MaxRequestBytes = 4096 });
        using ClientWebSocket socket = await rpc.SubscribeAsync();

        await SendAsync(rpc, socket, rpc.Request("get_address").PadRight(4096));
        Assert.NotNull(await rpc.ReceiveAsync(socket));
        await SendAsync(rpc, socket, rpc.Request("get_address").PadRight(4097));

        Assert.Null(await rpc.ReceiveAsync(socket));
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, socket.CloseStatus);
    }

    [Fact]
    public async Task ManyRequestsAtOnceAreAllAnswered()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions { Endpoint = RpcFixture.AnyPort, SubscriberQueue = 5 });
        using ClientWebSocket socket = await rpc.SubscribeAsync();
        for (int id = 0; id < 200; id++)
        {
            string request = rpc.Request("get_address", id: $"{id}");
            await SendAsync(rpc, socket, id % 10 == 0 ? request.PadRight(100_000) : request);
        }

        HashSet<int> answered = [];
        while (answered.Count < 200)
        {
            using JsonDocument reply = JsonDocument.Parse((await rpc.ReceiveAsync(socket))!);
            answered.Add(reply.RootElement.GetProperty("id").GetInt32());
        }
    }

    [Fact]
    public async Task WhenTheNodeEndsItsNotificationsSubscribersAreToldAndMayComeBack()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        using ClientWebSocket first = await rpc.SubscribeAsync();
        rpc.Node.EndNotifications();
        Assert.Null(await rpc.ReceiveAsync(first));
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, first.CloseStatus);

        using ClientWebSocket second = await rpc.SubscribeAsync();
        rpc.Node.Publish("objective_completed", "\"x\"");
        Assert.NotNull(await rpc.ReceiveAsync(second));
    }

    [Fact]
    public async Task StoppingClosesSubscribersWithAReasonAndRefusesNewCalls()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        using ClientWebSocket socket = await rpc.SubscribeAsync();

        Task stopping = rpc.Server.StopAsync(rpc.Limit);
        Assert.Null(await rpc.ReceiveAsync(socket));
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, rpc.Limit);
        await stopping;

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
        Assert.Equal(0, rpc.Node.Readers);
        await Assert.ThrowsAsync<HttpRequestException>(() => rpc.PostAsync("{}"));
    }

    internal static Task SendAsync(RpcFixture rpc, ClientWebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, rpc.Limit);

    /// <summary>A peer that upgrades and then never reads, writes or closes.</summary>
    private static async Task<TcpClient> UpgradeAsync(RpcFixture rpc)
    {
        var client = new TcpClient();
        await client.ConnectAsync(rpc.Api.Host, rpc.Api.Port, rpc.Limit);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                "GET /api/v1/subscribe HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"),
            rpc.Limit);
        var start = new byte[12];
        await stream.ReadExactlyAsync(start, rpc.Limit);
        Assert.Equal("HTTP/1.1 101", Encoding.ASCII.GetString(start));
        return client;
    }

    private static async Task<ClientWebSocket> SubscribeWhenFreeAsync(RpcFixture rpc)
    {
        while (true)
        {
            try
            {
                return await rpc.SubscribeAsync();
            }
            catch (WebSocketException e) when (e.Message.Contains("503", StringComparison.Ordinal))
            {
                rpc.Limit.ThrowIfCancellationRequested();
            }
        }
    }
}
