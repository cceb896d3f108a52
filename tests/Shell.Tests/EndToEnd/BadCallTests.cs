using System.Net;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Nitro.Cli;
using Nitro.Cli.Rpc;
using Nitro.JsonRpc;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>Callers' mistakes: each is told apart with a cause and a next step, changes nothing, and the node lives.</summary>
public sealed class BadCallTests(Lab lab) : IClassFixture<Lab>
{
    private const string Nowhere = "0x1111111111111111111111111111111111111111111111111111111111111111";
    private const string TooMuch = "115792089237316195423570985008687907853269984665640564039457584007913129639936";

    [Fact]
    public async Task MistakesAreToldAndTheNodeLives()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await world.StartAsync();
        var ledger = await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, 10);
        var channel = await world.OpenPaymentsAsync(["alice", "bob"], 100);
        await world.PayAsync("alice", channel, 30);

        await RefusedAsync(world, "no_such_method", "{}", -32601);
        await RefusedAsync(world, "pay", "{}", -32009, -32602);
        await RefusedAsync(world, "pay", """{"Amount":"many","Channel":7}""", -32009);
        await RefusedAsync(world, "create_ledger_channel", """{"CounterParty":"0x12","ChallengeDuration":-1,"Outcome":[]}""", -32009);
        foreach (var amount in (string[])["0", "-1", "1.5", TooMuch])
        {
            await RefusedAsync(world, "pay", Payment(channel, amount), -32009, -32602);
            await RefusedAsync(world, "create_ledger_channel", Opening(world, amount == "0" ? "-0.1" : amount), -32009, -32602, -32603);
        }

        await RefusedAsync(world, "pay", Payment(channel, "71"), -32603);
        await RefusedAsync(world, "create_payment_channel", Opening(world, Lab.Text(2 * Amounts.Ether), "[]"), -32603, -32602);
        await RefusedAsync(world, "pay", Payment(Nowhere, "1"), -32603);
        await RefusedAsync(world, "get_payment_channel", $$"""{"Id":"{{Nowhere}}"}""", -32603);
        await RefusedAsync(world, "close_ledger_channel", $$"""{"ChannelId":"{{Nowhere}}"}""", -32603);
        await RefusedAsync(world, "get_objective", """{"Id":"nonsense"}""", -32602);
        Assert.Equal(30, await world.PaidAsync("alice", channel));

        await world.PayAsync("alice", channel, 70);
        await world.ClosePaymentsAsync("alice", channel, "alice", "bob");
        await RefusedAsync(world, "pay", Payment(channel, "1"), -32603);
        await RefusedAsync(world, "close_payment_channel", $$"""{"ChannelId":"{{channel}}"}""", -32603);
        await world.CloseLedgerAsync("alice", ledger, "alice", "bob");
        await RefusedAsync(world, "close_ledger_channel", $$"""{"ChannelId":"{{ledger}}"}""", -32603);
        Assert.Equal(Lab.Grant - 100, await lab.WealthAsync(world["alice"], world.StartBlock, world.Token));
        Assert.DoesNotContain("Critical", world.Log.Text);
    }

    [Fact]
    public async Task ALedgerThatTheAccountCannotPayForSaysSoAndHarmsNoOther()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await world.StartAsync();
        var opening = await world.ProposeLedgerAsync("alice", "bob", 1_000 * Amounts.Ether, 0);

        await Wait.UntilAsync(
            async () => await world.ObjectiveAsync("alice", opening.Objective) is { } told
                && (told.GetProperty("Reason").GetString() + await ComplaintAsync(world)).Contains("fund", StringComparison.OrdinalIgnoreCase),
            world.Token);
        await world.OpenLedgerAsync("bob", "alice", 5, 5, lab.Token);
    }

    [Fact]
    public async Task MalformedTokensAndBodiesAreRefused()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        await world.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{world["alice"].Listen}") };
        foreach (var token in (string[])["", "nonsense", "a.b.c", "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30.", new string('x', 5_000)])
        {
            var answer = Lab.Parse(await PostAsync(http, Call("get_all_ledger_channels", token), HttpStatusCode.OK, world.Token));
            Assert.Equal(-32008, answer.GetProperty("error").GetProperty("code").GetInt32());
            Assert.NotEqual(string.Empty, answer.GetProperty("error").GetProperty("data").GetProperty("next").GetString());
        }

        var body = Encoding.UTF8.GetString(await PostAsync(http, Call("version", new string('x', 1 << 20)), HttpStatusCode.RequestEntityTooLarge, world.Token));
        Assert.NotEqual(string.Empty, body);
        var garbage = Lab.Parse(await PostAsync(http, "{\"jsonrpc\":", HttpStatusCode.OK, world.Token));
        Assert.Equal(-32700, garbage.GetProperty("error").GetProperty("code").GetInt32());
        await world["alice"].CallAsync("get_all_ledger_channels", null, null, world.Token);
    }

    private static async Task RefusedAsync(World world, string method, string payload, params int[] codes)
    {
        using var client = new RpcClient(new Uri($"http://{world["alice"].Listen}/api/v1"));
        try
        {
            var answer = await client.CallAsync(method, Encoding.UTF8.GetBytes(payload), null, world.Token);
            Assert.Fail($"{method} {payload} is answered with {Encoding.UTF8.GetString(answer.Span)}");
        }
        catch (RpcError refusal)
        {
            Assert.True(codes.Contains(refusal.Code), $"{method} {payload}: {refusal.Code} {refusal.Message}");
            Assert.False(string.IsNullOrEmpty(refusal.Next), $"{method} {payload}: {refusal.Message} has no next step");
        }
    }

    private static async Task<string> ComplaintAsync(World world) =>
        (await world["alice"].CallAsync("get_node_statistics", null, null, world.Token)).GetProperty("chain").GetProperty("lastError").GetString()!;

    private static string Payment(string channel, string amount) => $$"""{"Amount":{{amount}},"Channel":"{{channel}}"}""";

    private static string Opening(World world, string amount, string? intermediaries = null)
    {
        var text = Encoding.UTF8.GetString(Payload.Of(json =>
        {
            if (intermediaries is not null)
            {
                json.WritePropertyName("Intermediaries");
                json.WriteRawValue(intermediaries);
            }

            json.WriteOpening(world["alice"].AddressText, world["bob"].AddressText, Payload.Native, 987_654_321, BigInteger.Zero, 0);
        }).Span);
        return text.Replace("987654321", amount, StringComparison.Ordinal);
    }

    private static string Call(string method, string token) => JsonSerializer.Serialize(
        new { jsonrpc = "2.0", id = 1, method, @params = new { authtoken = token, payload = new { } } });

    private static async Task<byte[]> PostAsync(HttpClient http, string body, HttpStatusCode status, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync("/api/v1", content, cancellationToken);
        Assert.Equal(status, response.StatusCode);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }
}
