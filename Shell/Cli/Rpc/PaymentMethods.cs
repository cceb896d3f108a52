using System.CommandLine;
using System.Text.Json;

namespace Nitro.Cli.Rpc;

/// <summary>Methods about payment channels and vouchers.</summary>
internal static class PaymentMethods
{
    /// <summary>Adds them.</summary>
    public static void AddTo(Command rpc, RpcConnection connection)
    {
        rpc.Subcommands.Add(Create(connection));
        rpc.Subcommands.Add(connection.OnChannel("close-payment-channel", "close_payment_channel", "ChannelId", "Closes a payment channel and settles it in the ledgers"));
        rpc.Subcommands.Add(Spending(connection, "pay", "Pays through a payment channel; answers when the payment is signed and on disk"));
        rpc.Subcommands.Add(Spending(connection, "create-voucher", "Signs a voucher without sending it"));
        rpc.Subcommands.Add(ReceiveVoucher(connection));
        rpc.Subcommands.Add(connection.OnChannel("get-payment-channel", "get_payment_channel", "Id", "Status of a payment channel, paid and remaining"));
        rpc.Subcommands.Add(connection.OnChannel(
            "get-payment-channels-by-ledger", "get_payment_channels_by_ledger", "LedgerId", "The payment channels that a ledger channel carries"));
        rpc.Subcommands.Add(GetPayment(connection));
    }

    private static Command Create(RpcConnection connection)
    {
        var payee = Inputs.Address("counterparty", "The payee's address");
        var through = Inputs.Intermediaries();
        var amount = Inputs.AmountOption("--amount", "The most that can be paid", required: true);
        var asset = Inputs.Asset();
        var duration = Inputs.ChallengeDuration();
        return connection.Calling(
            new Command("create-payment-channel", "Opens a payment channel off chain, on top of ledger channels with the money in them")
            {
                payee, through, amount, asset, duration,
            },
            "create_payment_channel",
            async (parse, client, cancellationToken) =>
            {
                var me = await RpcCommand.AddressAsync(client, cancellationToken);
                return Payload.Of(json =>
                {
                    WriteIntermediaries(json, parse.GetRequiredValue(through));
                    json.WriteOpening(me, parse.GetRequiredValue(payee), parse.GetRequiredValue(asset), parse.GetValue(amount), 0, parse.GetValue(duration));
                });
            });
    }

    /// <summary>The parties between payer and payee.</summary>
    public static void WriteIntermediaries(Utf8JsonWriter json, IEnumerable<string> addresses)
    {
        json.WriteStartArray("Intermediaries");
        foreach (var address in addresses)
        {
            json.WriteStringValue(address);
        }

        json.WriteEndArray();
    }

    private static Command Spending(RpcConnection connection, string name, string description)
    {
        var channel = Inputs.Channel("channel", "The payment channel's id");
        var amount = Inputs.Amount("amount", "How much more to pay");
        return connection.Calling(
            new Command(name, description) { channel, amount },
            name.Replace('-', '_'),
            (parse, json) =>
            {
                json.WriteAmount("Amount", parse.GetValue(amount));
                json.WriteString("Channel", parse.GetRequiredValue(channel));
            });
    }

    private static Command ReceiveVoucher(RpcConnection connection)
    {
        var channel = Inputs.Channel("channel", "The payment channel's id");
        var total = Inputs.Amount("amount", "The voucher's amount, which is the total paid so far");
        var signature = new Argument<string>("signature") { Description = "0x and 130 hexadecimal digits" };
        return connection.Calling(
            new Command("receive-voucher", "Takes a voucher that came by other means; tells the total and what is new") { channel, total, signature },
            "receive_voucher",
            (parse, json) =>
            {
                json.WriteString("ChannelId", parse.GetRequiredValue(channel));
                json.WriteAmount("Amount", parse.GetValue(total));
                json.WriteString("Signature", parse.GetRequiredValue(signature));
            });
    }

    private static Command GetPayment(RpcConnection connection)
    {
        var id = new Argument<string>("id") { Description = "The --request-id the payment was made with" };
        return connection.Calling(
            new Command("get-payment", "What became of a payment") { id },
            "get_payment",
            (parse, json) => json.WriteString("requestId", parse.GetRequiredValue(id)));
    }
}
