using System.CommandLine;

namespace Nitro.Cli.Rpc;

/// <summary>Methods about the node itself.</summary>
internal static class NodeMethods
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command rpc, RpcConnection connection)
    {
        rpc.Subcommands.Add(connection.Calling(new Command("get-address", "The address by which this node is known in channels"), "get_address"));
        rpc.Subcommands.Add(connection.Calling(new Command("version", "The node's version"), "version"));
        rpc.Subcommands.Add(GetAuthToken(connection));
        rpc.Subcommands.Add(connection.Calling(
            new Command("get-node-statistics", "Counts of the node: journal, signatures, messages, transactions"), "get_node_statistics"));
    }

    private static Command GetAuthToken(RpcConnection connection)
    {
        var id = new Argument<string>("id") { Description = "The name the token carries", DefaultValueFactory = _ => "nitro" };
        return connection.Calling(
            new Command("get-auth-token", "A token for calling the API by other means, valid for seven days") { id },
            "get_auth_token",
            (parse, json) => json.WriteString("Id", parse.GetRequiredValue(id)));
    }
}
