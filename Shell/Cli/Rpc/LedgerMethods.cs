using System.CommandLine;

namespace Nitro.Cli.Rpc;

/// <summary>Methods about ledger channels: money of two parties, locked on chain.</summary>
internal static class LedgerMethods
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command rpc, RpcConnection connection)
    {
        rpc.Subcommands.Add(Create(connection));
        rpc.Subcommands.Add(Close(connection));
        rpc.Subcommands.Add(Get(connection));
        rpc.Subcommands.Add(connection.Calling(new Command("get-all-ledger-channels", "Every ledger channel, opening and closed ones too"), "get_all_ledger_channels"));
    }

    private static Command Create(RpcConnection connection)
    {
        var peer = Inputs.Address("counterparty", "The other party's address");
        var mine = Inputs.AmountOption("--amount", "What this node deposits", required: true);
        var theirs = Inputs.AmountOption("--their-amount", "What the other party deposits", required: false);
        var asset = Inputs.Asset();
        var duration = Inputs.ChallengeDuration();
        return connection.Calling(
            new Command("create-ledger-channel", "Opens a ledger channel and funds it on chain; answers once begun, so watch it with get-objective")
            {
                peer, mine, theirs, asset, duration,
            },
            "create_ledger_channel",
            async (parse, client, cancellationToken) =>
            {
                var me = await RpcCommand.AddressAsync(client, cancellationToken);
                return Payload.Of(json => json.WriteOpening(
                    me,
                    parse.GetRequiredValue(peer),
                    parse.GetRequiredValue(asset),
                    parse.GetValue(mine),
                    parse.GetValue(theirs),
                    parse.GetValue(duration)));
            });
    }

    private static Command Close(RpcConnection connection)
    {
        var channel = Inputs.Channel("channel", "The ledger channel's id");
        return connection.Calling(
            new Command("close-ledger-channel", "Closes a ledger channel and pays both parties out on chain") { channel },
            "close_ledger_channel",
            (parse, json) => json.WriteString("ChannelId", parse.GetRequiredValue(channel)));
    }

    private static Command Get(RpcConnection connection)
    {
        var channel = Inputs.Channel("channel", "The ledger channel's id");
        return connection.Calling(
            new Command("get-ledger-channel", "Status and balances of a ledger channel") { channel },
            "get_ledger_channel",
            (parse, json) => json.WriteString("Id", parse.GetRequiredValue(channel)));
    }
}
