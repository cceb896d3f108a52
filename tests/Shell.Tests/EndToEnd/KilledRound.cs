using System.Globalization;
using System.Numerics;
using Nitro.Cli;
using Nitro.Cli.Demo;
using Nitro.Cli.Rpc;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>The story from the first ledger to the last payout, once, asked again wherever the node dies under it.</summary>
internal sealed class KilledRound(World world, KilledNode node, int round)
{
    /// <summary>Payer, hub and payee.</summary>
    public static readonly string[] Way = ["alice", "irene", "bob"];

    /// <summary>Opens ledgers and a channel through the hub, pays so many times, closes all; what alice paid to bob.</summary>
    public async Task<BigInteger> PlayAsync(int payments)
    {
        var ledgers = await Task.WhenAll(LedgerAsync("alice", "irene"), LedgerAsync("irene", "bob"));
        var channel = Opening.From(await node.AskAsync(
            world["alice"],
            "create_payment_channel",
            json =>
            {
                PaymentMethods.WriteIntermediaries(json, [world["irene"].AddressText]);
                json.WriteOpening(world["alice"].AddressText, world["bob"].AddressText, Payload.Native, Amounts.Ether / 10, BigInteger.Zero, 0);
            },
            RequestId("channel")));
        await node.CompletedAsync(channel.Objective, Way);
        var sum = BigInteger.Zero;
        for (var i = 0; i < payments; i++)
        {
            var amount = 1_000 + (100 * round) + i;
            await node.AskAsync(world["alice"], "pay", json => PaymentPlan.Write(json, channel.Channel, amount), RequestId($"pay-{i}"));
            sum += amount;
        }

        await CloseAsync("close_payment_channel", "bob", channel.Channel, Way);
        await Task.WhenAll(
            CloseAsync("close_ledger_channel", "alice", ledgers[0], "alice", "irene"),
            CloseAsync("close_ledger_channel", "bob", ledgers[1], "irene", "bob"));
        return sum;
    }

    private async Task<string> LedgerAsync(string left, string right)
    {
        var ledger = Opening.From(await node.AskAsync(
            world[left],
            "create_ledger_channel",
            json => json.WriteOpening(world[left].AddressText, world[right].AddressText, Payload.Native, Amounts.Ether / 2, Amounts.Ether / 4, 0),
            RequestId($"ledger-{left}")));
        await node.CompletedAsync(ledger.Objective, left, right);
        return ledger.Channel;
    }

    private async Task CloseAsync(string method, string closer, string channel, params string[] parties)
    {
        var objective = await node.AskAsync(world[closer], method, json => json.WriteString("ChannelId", channel), RequestId($"{method}-{closer}"));
        await node.CompletedAsync(objective.GetString()!, parties);
    }

    private string RequestId(string what) => string.Create(CultureInfo.InvariantCulture, $"killed-round-{round:D3}-{what}");
}
