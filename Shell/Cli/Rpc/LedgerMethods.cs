using System.CommandLine;

namespace Nitro.Cli.Rpc;

/// <summary>Methods about ledger channels: money of two parties, locked on chain.</summary>
internal static class LedgerMethods
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command rpc, RpcConnection connection)
    {
        rpc.Subcommands.Add(Create(connection));
        rpc.Subcommands.Add(connection.OnChannel(
            "close-ledger-channel", "close_ledger_channel", "ChannelId", "Closes a ledger channel and pays both parties out on chain"));
        rpc.Subcommands.Add(connection.OnChannel("get-ledger-channel", "get_ledger_channel", "Id", "Status and balances of a ledger channel"));
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
}
