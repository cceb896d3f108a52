using System.CommandLine;

namespace Nitro.Cli.Rpc;

/// <summary><c>nitro rpc</c>: one subcommand for each method of a node's API.</summary>
internal static class RpcCommand
{
    /// <summary>The command with all methods.</summary>
    public static Command Create()
    {
        var rpc = new Command("rpc", "Call a running node: tables for people, --json for programs");
        var connection = new RpcConnection();
        connection.AddTo(rpc);
        NodeMethods.AddTo(rpc, connection);
        LedgerMethods.AddTo(rpc, connection);
        PaymentMethods.AddTo(rpc, connection);
        ObjectiveMethods.AddTo(rpc, connection);
        return rpc;
    }

    /// <summary>The caller's own channel address, which opening a channel needs.</summary>
    public static async Task<string> AddressAsync(JsonRpc.RpcClient client, CancellationToken cancellationToken)
    {
        var answer = await client.CallAsync("get_address", ReadOnlyMemory<byte>.Empty, null, cancellationToken);
        return System.Text.Json.JsonSerializer.Deserialize<string>(answer.Span)
            ?? throw new CliError("The node answered get_address with null. Check that the endpoint is a node's.");
    }
}
