using System.Numerics;
using System.Text.Json;
using Nitro.Cli;
using Nitro.Cli.Demo;
using Nitro.Cli.Rpc;
using Nitro.JsonRpc;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>What tests ask of parties, over JSON-RPC alone.</summary>
internal static class Story
{
    /// <summary>Proposes a ledger channel; the objective's and the channel's id.</summary>
    public static async Task<Opening> ProposeLedgerAsync(
        this World world, string left, string right, BigInteger mine, BigInteger theirs, string asset = Payload.Native, string? requestId = null) =>
        Opening.From(await world[left].CallAsync(
            "create_ledger_channel",
            json => json.WriteOpening(world[left].AddressText, world[right].AddressText, asset, mine, theirs, 0),
            requestId,
            world.Token));

    /// <summary>Opens a ledger channel at both ends; the channel's id.</summary>
    public static async Task<string> OpenLedgerAsync(
        this World world, string left, string right, BigInteger mine, BigInteger theirs, string asset = Payload.Native)
    {
        var opening = await world.ProposeLedgerAsync(left, right, mine, theirs, asset);
        await world.CompletedAsync(opening.Objective, left, right);
        return opening.Channel;
    }

    /// <summary>Proposes a payment channel along the way given, payer first.</summary>
    public static async Task<Opening> ProposePaymentsAsync(
        this World world, IReadOnlyList<string> way, BigInteger funds, string asset = Payload.Native, string? requestId = null) =>
        Opening.From(await world[way[0]].CallAsync(
            "create_payment_channel",
            json =>
            {
                PaymentMethods.WriteIntermediaries(json, way.Skip(1).SkipLast(1).Select(name => world[name].AddressText));
                json.WriteOpening(world[way[0]].AddressText, world[way[^1]].AddressText, asset, funds, BigInteger.Zero, 0);
            },
            requestId,
            world.Token));

    /// <summary>Opens a payment channel along the way given, payer first; the channel's id.</summary>
    public static async Task<string> OpenPaymentsAsync(this World world, IReadOnlyList<string> way, BigInteger funds, string asset = Payload.Native)
    {
        var opening = await world.ProposePaymentsAsync(way, funds, asset);
        await world.CompletedAsync(opening.Objective, [.. way]);
        return opening.Channel;
    }

    /// <summary>Pays once.</summary>
    public static Task<JsonElement> PayAsync(this World world, string payer, string channel, BigInteger amount, string? requestId = null) =>
        world[payer].CallAsync("pay", json => PaymentPlan.Write(json, channel, amount), requestId, world.Token);

    /// <summary>Closes a payment channel at one party and waits for all of these.</summary>
    public static Task ClosePaymentsAsync(this World world, string closer, string channel, params string[] parties) =>
        world.CloseAsync("close_payment_channel", closer, channel, parties);

    /// <summary>Closes a ledger channel at one party and waits for all of these.</summary>
    public static Task CloseLedgerAsync(this World world, string closer, string channel, params string[] parties) =>
        world.CloseAsync("close_ledger_channel", closer, channel, parties);

    /// <summary>Waits until the objective is completed at each of these parties.</summary>
    public static async Task CompletedAsync(this World world, string objective, params string[] parties)
    {
        var last = string.Empty;
        try
        {
            await global::Nitro.Cli.Demo.Objectives.CompletedAsync(objective, parties.Select(name => world[name]), waiting => last = waiting, world.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"{objective} is not completed: {last}\n{world.Process?.Error}{world.Log.Text}{world.Journals()}", e);
        }
    }

    /// <summary>An objective as a party tells it, or null where it has none.</summary>
    public static async Task<JsonElement?> ObjectiveAsync(this World world, string party, string objective)
    {
        try
        {
            return await world[party].CallAsync("get_objective", json => json.WriteString("Id", objective), null, world.Token);
        }
        catch (RpcError e) when (e.Tag == "unknown-channel")
        {
            return null;
        }
    }

    /// <summary>Waits until an objective has a status at a party; the objective then.</summary>
    public static async Task<JsonElement> ReachesAsync(this World world, string party, string objective, string status)
    {
        JsonElement? found = null;
        try
        {
            await Wait.UntilAsync(
                async () => (found = await world.ObjectiveAsync(party, objective)) is { } told && told.GetProperty("Status").GetString() == status, world.Token);
            return found!.Value;
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"{party} never has {objective} as {status}: {found}\n{world.Log.Text}", e);
        }
    }

    /// <summary>Status, and the amounts of both sides in a ledger as a party tells them.</summary>
    public static async Task<(string Status, BigInteger Mine, BigInteger Theirs)> LedgerAsync(this World world, string party, string channel)
    {
        var ledger = await world[party].CallAsync("get_ledger_channel", json => json.WriteString("Id", channel), null, world.Token);
        var balance = ledger.GetProperty("Balance");
        return (ledger.GetProperty("Status").GetString()!, Amount(balance, "MyBalance"), Amount(balance, "TheirBalance"));
    }

    /// <summary>What a party says was paid through a payment channel.</summary>
    public static async Task<BigInteger> PaidAsync(this World world, string party, string channel)
    {
        var found = await world[party].CallAsync("get_payment_channel", json => json.WriteString("Id", channel), null, world.Token);
        return Amount(found.GetProperty("Balance"), "PaidSoFar");
    }

    /// <summary>Every objective of a party, as text for a failure's message.</summary>
    public static async Task<string> ObjectivesAsync(this World world, string party) =>
        (await world[party].CallAsync("get_objectives", json => json.WriteString("Status", string.Empty), null, world.Token)).GetRawText();

    private static async Task CloseAsync(this World world, string method, string closer, string channel, string[] parties)
    {
        var objective = await world[closer].CallAsync(method, json => json.WriteString("ChannelId", channel), null, world.Token);
        await world.CompletedAsync(objective.GetString()!, parties);
    }

    private static BigInteger Amount(JsonElement balance, string name) =>
        Amounts.TryHex(balance.GetProperty(name).GetString(), out var amount) ? amount : throw new FormatException($"{name} is no amount: {balance}");
}
