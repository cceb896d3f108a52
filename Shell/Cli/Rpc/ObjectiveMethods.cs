using System.CommandLine;

namespace Nitro.Cli.Rpc;

/// <summary>Methods about objectives: what the node is in the course of doing.</summary>
internal static class ObjectiveMethods
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command rpc, RpcConnection connection)
    {
        rpc.Subcommands.Add(OnObjective(connection, "get-objective", "What an objective waits for, since when, and with whom"));
        rpc.Subcommands.Add(GetAll(connection));
        rpc.Subcommands.Add(OnObjective(connection, "approve-objective", "Agrees to what a peer proposes (policy mode 'manual')"));
        rpc.Subcommands.Add(Reject(connection));
    }

    private static Argument<string> Id() => new("id") { Description = "Such as DirectFunding-0x..." };

    private static Command OnObjective(RpcConnection connection, string name, string description)
    {
        var id = Id();
        return connection.Calling(
            new Command(name, description) { id }, name.Replace('-', '_'), (parse, json) => json.WriteString("Id", parse.GetRequiredValue(id)));
    }

    private static Command GetAll(RpcConnection connection)
    {
        var status = new Option<string?>("--status") { Description = "Only those with this status", HelpName = "status" };
        return connection.Calling(
            new Command("get-objectives", "All objectives") { status },
            "get_objectives",
            (parse, json) =>
            {
                if (parse.GetValue(status) is { } wanted)
                {
                    json.WriteString("Status", wanted);
                }
            });
    }

    private static Command Reject(RpcConnection connection)
    {
        var id = Id();
        var reason = new Argument<string>("reason") { Description = "Told to the peer", DefaultValueFactory = _ => string.Empty };
        return connection.Calling(
            new Command("reject-objective", "Refuses what a peer proposes") { id, reason },
            "reject_objective",
            (parse, json) =>
            {
                json.WriteString("Id", parse.GetRequiredValue(id));
                json.WriteString("Reason", parse.GetRequiredValue(reason));
            });
    }
}
