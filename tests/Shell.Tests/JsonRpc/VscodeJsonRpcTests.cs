using Nitro.JsonRpc;
using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>The stdio API with npm's vscode-jsonrpc as the client, in a Node.js process of its own.</summary>
public sealed class VscodeJsonRpcTests
{
    [Fact]
    public async Task TheLibraryCallsIsRefusedAndHears()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        string devnet = Path.Combine(Repository.Root, "tests", "devnet");
        Assert.True(Directory.Exists(Path.Combine(devnet, "node_modules", "vscode-jsonrpc")), $"vscode-jsonrpc is absent: run 'npm ci' in {devnet}");
        var node = new StandInNode();
        node.Answer = (call, _) =>
        {
            if (call.Method == "pay")
            {
                node.Publish("objective_completed", "\"DirectFunding-0x1\"");
            }

            return ValueTask.FromResult(new Nitro.Ports.NodeAnswer("\"answer\""u8.ToArray(), null));
        };
        using Process client = StartClient(devnet);
        Task<string> report = client.StandardError.ReadToEndAsync(limit.Token);

        StdioEnd end = await new StdioServer(new RpcTenant("alice", node, Tokens.FromKey(new byte[32])), new RpcOptions())
            .RunAsync(client.StandardOutput.BaseStream, client.StandardInput.BaseStream, limit.Token);
        await client.WaitForExitAsync(limit.Token);

        using JsonDocument found = JsonDocument.Parse(await report);
        Assert.Equal(
            """{"unhandled":0,"address":"answer","paid":"answer","many":100,"unknown":{"code":-32601,"data":{"tag":"method","next":"compare the method's name with the API's documentation"}},"completed":{"authtoken":"","payload":"DirectFunding-0x1"}}""",
            found.RootElement.GetRawText());
        Assert.Equal((0, StdioEnd.EndOfInput), (client.ExitCode, end));
    }

    private static Process StartClient(string devnet)
    {
        string script = Path.Combine(Repository.Root, "tests", "Shell.Tests", "JsonRpc", "stdio-client.mjs");
        return Process.Start(new ProcessStartInfo("node", [script, devnet])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }
}
