using Nitro.JsonRpc;
using Nitro.Ports;
using System.Net;
using System.Text;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>The command line's own client: tokens by itself, typed errors, TLS, and callers from elsewhere.</summary>
public sealed class ClientTests
{
    [Fact]
    public async Task ItGetsATokenCallsAndHears()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        using var client = new RpcClient(rpc.Api);
        await using RpcSubscription subscription = await client.SubscribeAsync(rpc.Limit);
        rpc.Node.Publish("objective_completed", "\"x\"");

        ReadOnlyMemory<byte> result = await client.CallAsync("pay", """{"Amount":1}"""u8.ToArray(), "0123456789abcdef", rpc.Limit);

        Assert.Equal("""{"ok":true}""", Encoding.UTF8.GetString(result.Span));
        Assert.Equal([new StandInCall("pay", """{"Amount":1}""", "0123456789abcdef")], rpc.Node.Calls);
        await foreach (NodeNotification notification in subscription.ReadAllAsync(rpc.Limit))
        {
            Assert.Equal(("objective_completed", "\"x\""), (notification.Method, Encoding.UTF8.GetString(notification.Payload.Span)));
            break;
        }
    }

    [Fact]
    public async Task ARefusalComesAsItsCodeTagAndNextStep()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        rpc.Node.Answer = (_, _) => ValueTask.FromResult(new NodeAnswer(default, new NodeProblem(-32603, "insufficient funds", "funds", "deposit")));
        using var client = new RpcClient(rpc.Api);

        RpcError error = await Assert.ThrowsAsync<RpcError>(() => client.CallAsync("pay", default, null, rpc.Limit));

        Assert.Equal((-32603, "insufficient funds", "funds", "deposit"), (error.Code, error.Message, error.Tag, error.Next));
    }

    [Fact]
    public async Task AnOutdatedTokenIsRenewedAndTheCallMadeOnce()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        using var client = new RpcClient(rpc.Api);
        await client.CallAsync("get_address", default, null, rpc.Limit);
        var node = new StandInNode();
        await rpc.Server.StopAsync(rpc.Limit);
        var endpoint = new RpcEndpoint(IPAddress.Loopback, rpc.Api.Port);
        await using RpcServer restarted = await RpcServer.StartAsync(
            new RpcOptions { Endpoint = endpoint }, [new RpcTenant("alice", node, Tokens.FromKey(Enumerable.Repeat((byte)7, 32).ToArray()))], null, rpc.Limit);

        await client.CallAsync("pay", default, null, rpc.Limit);

        Assert.Single(node.Calls);
    }

    [Fact]
    public async Task NobodyThereIsSaidWithTheAddress()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        using var client = new RpcClient(rpc.Api);
        await rpc.Server.StopAsync(rpc.Limit);

        RpcUnreachable call = await Assert.ThrowsAsync<RpcUnreachable>(() => client.CallAsync("version", default, null, rpc.Limit));
        await Assert.ThrowsAsync<RpcUnreachable>(() => client.SubscribeAsync(rpc.Limit));

        Assert.Contains($"The node's API at {rpc.Api} gave no answer: Connection refused", call.Message, StringComparison.Ordinal);
        Assert.EndsWith(". Check that the node runs and that the address is its own.", call.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEndpointWithoutThatTenantSaysHowToNameOne()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        using var client = new RpcClient(new Uri(rpc.Api, "/t/nobody/api/v1"));

        RpcUnreachable call = await Assert.ThrowsAsync<RpcUnreachable>(() => client.CallAsync("version", default, null, rpc.Limit));

        Assert.StartsWith($"There is no API at {rpc.Api.GetLeftPart(UriPartial.Authority)}/t/nobody/api/v1.", call.Message, StringComparison.Ordinal);
        Assert.Contains("--tenant", call.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverTlsItTrustsTheGivenCertificateAndNoOther()
    {
        using var certificate = new TestCertificate();
        var endpoint = new RpcEndpoint(IPAddress.Loopback, 0, certificate.CertificateFile, certificate.KeyFile);
        await using RpcFixture rpc = await RpcFixture.StartAsync(new RpcOptions { Endpoint = endpoint });
        Assert.Equal("https", rpc.Api.Scheme);
        using var trusting = new RpcClient(rpc.Api, new RpcClientOptions { TrustedCertificateFile = certificate.CertificateFile });
        using var doubting = new RpcClient(rpc.Api);

        await trusting.CallAsync("pay", default, null, rpc.Limit);
        await using RpcSubscription subscription = await trusting.SubscribeAsync(rpc.Limit);

        await Assert.ThrowsAsync<RpcUnreachable>(() => doubting.CallAsync("pay", default, null, rpc.Limit));
        Assert.Single(rpc.Node.Calls);
    }
}
