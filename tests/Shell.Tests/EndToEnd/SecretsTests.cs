using System.Diagnostics;
using System.Text;
using Nitro.Cli;
using Nitro.JsonRpc;
using Xunit;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>What is logged at the finest level holds no key, token or passphrase; a node that is told to end does so at once, with 0.</summary>
public sealed class SecretsTests(Lab lab) : IClassFixture<Lab>
{
    private const int Interrupt = 2;
    private const int Terminate = 15;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task AStoryIsToldWithoutKeysAndTokens()
    {
        await using var world = await World.BuildAsync(lab, "alice", "bob");
        world.Config["chain"]!["url"] = $"{lab.WsUrl}?apikey=query-of-the-endpoint";
        world.Config["chain"]!["authToken"] = "bearer-of-the-endpoint";
        var process = await world.StartProcessAsync(null, "--log-level", "trace");
        var token = Lab.Parse(await CallAsync(world, "get_auth_token", "{}")).GetString()!;
        var ledger = await world.OpenLedgerAsync("alice", "bob", Amounts.Ether, 0);
        var channel = await world.OpenPaymentsAsync(["alice", "bob"], 100);
        await world.PayAsync("alice", channel, 3);
        await Assert.ThrowsAsync<RpcError>(() => world.PayAsync("alice", channel, 300));
        await world.ClosePaymentsAsync("alice", channel, "alice", "bob");
        await world.CloseLedgerAsync("alice", ledger, "alice", "bob");

        await EndsAsync(process, Interrupt);

        Assert.Contains("completed", process.Error);
        List<string> secrets = [token, "query-of-the-endpoint", "bearer-of-the-endpoint"];
        foreach (var file in world.Parties.SelectMany(party => (string[])[party.ChannelKeyFile, party.ChainKeyFile, Path.Combine(world.FolderOf(party), "token.key")]))
        {
            secrets.AddRange(Forms(await File.ReadAllBytesAsync(file, world.Token)));
        }

        AreKept(process, secrets);
        Assert.Empty(process.Output);
    }

    [Fact]
    public async Task AnEndpointInTroubleIsToldWithoutItsPassphrase()
    {
        await using var world = await World.BuildAsync(lab, "alice");
        world.Tenant("alice").Remove("keys");
        var closed = global::Nitro.Cli.Demo.FreePorts.Take(1)[0];
        world.Config["chain"]!["url"] = $"http://operator:passphrase-of-the-endpoint@127.0.0.1:{closed}/v3/path-of-the-endpoint?apikey=query-of-the-endpoint";
        var keys = world.Parties.SelectMany(party => (string[])[party.ChannelKeyFile, party.ChainKeyFile]).Select(file => File.ReadAllText(file).Trim()).ToArray();
        var environment = new Dictionary<string, string>
        {
            ["NITRO_CHANNEL_KEY"] = keys[0], ["NITRO_CHAIN_KEY"] = keys[1], ["NITRO_CHAIN__AUTHTOKEN"] = "bearer-of-the-endpoint",
        };
        var process = await world.StartProcessAsync(environment, "--log-level", "trace");
        var told = string.Empty;
        await Wait.UntilAsync(
            async () =>
            {
                told = (await world["alice"].CallAsync("get_node_statistics", null, null, world.Token)).GetRawText();
                return !told.Contains("\"lastError\":\"\"", StringComparison.Ordinal);
            },
            world.Token);

        await EndsAsync(process, Terminate);

        string[] secrets = ["passphrase-of-the-endpoint", "path-of-the-endpoint", "query-of-the-endpoint", "bearer-of-the-endpoint", .. keys.SelectMany(key => Forms(Encoding.ASCII.GetBytes(key)))];
        AreKept(process, secrets);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, told, StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<ReadOnlyMemory<byte>> CallAsync(World world, string method, string payload)
    {
        using var client = new RpcClient(new Uri($"http://{world["alice"].Listen}/api/v1"));
        return await client.CallAsync(method, Encoding.UTF8.GetBytes(payload), null, world.Token);
    }

    private static async Task EndsAsync(NodeProcess process, int signal)
    {
        using var limit = new CancellationTokenSource(Soon);
        var began = Stopwatch.StartNew();
        process.Signal(signal);
        Assert.True(await process.EndAsync(limit.Token) == 0, process.Error);
        Assert.True(began.Elapsed < Soon);
    }

    private static void AreKept(NodeProcess process, IEnumerable<string> secrets) => Assert.All(secrets, secret =>
    {
        Assert.DoesNotContain(secret, process.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(secret, process.Output, StringComparison.OrdinalIgnoreCase);
    });

    /// <summary>A secret file's content as it may be written: as it stands, without 0x, in base64.</summary>
    private static IEnumerable<string> Forms(byte[] content)
    {
        var text = Encoding.UTF8.GetString(content).Trim();
        var hex = text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text;
        yield return hex;
        if (hex.Length == 64 && hex.All(char.IsAsciiHexDigit))
        {
            yield return Convert.ToBase64String(Convert.FromHexString(hex));
        }
    }
}
