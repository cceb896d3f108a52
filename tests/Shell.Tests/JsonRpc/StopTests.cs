using Nitro.JsonRpc;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>What stopping does to requests that are under way.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task ARunningRequestIsStillAnswered()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync();
        (TaskCompletionSource started, TaskCompletionSource release) = (new(), new());
        rpc.Node.Answer = async (_, _) =>
        {
            started.SetResult();
            await release.Task;
            return new NodeAnswer("1"u8.ToArray(), null);
        };
        Task<string> running = rpc.PostAsync(rpc.Request("pay"));
        await started.Task.WaitAsync(rpc.Limit);

        Task stopping = rpc.Server.StopAsync(rpc.Limit);
        release.SetResult();

        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":1}""", await running);
        await stopping;
    }

    [Fact]
    public async Task ARequestThatNeverEndsIsGivenUpAfterTheStopTime()
    {
        await using RpcFixture rpc = await RpcFixture.StartAsync(
            new RpcOptions { Endpoint = RpcFixture.AnyPort, StopTimeout = TimeSpan.FromMilliseconds(200) });
        (TaskCompletionSource started, TaskCompletionSource cancelled) = (new(), new());
        rpc.Node.Answer = async (_, token) =>
        {
            started.SetResult();
            await using CancellationTokenRegistration watch = token.Register(cancelled.SetResult);
            await cancelled.Task;
            token.ThrowIfCancellationRequested();
            return default;
        };
        Task<string> running = rpc.PostAsync(rpc.Request("pay"));
        await started.Task.WaitAsync(rpc.Limit);

        await rpc.Server.StopAsync(rpc.Limit);

        await cancelled.Task.WaitAsync(rpc.Limit);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => running);
    }
}
