using System.Numerics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;
using Nitro.Host;
using Nitro.Host.Loop;
using Nitro.Host.Options;
using Nitro.Shell.Tests.Ethereum;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>A whole process: configuration, tenants, a real chain with the real contracts, and the API's port.</summary>
public sealed class NodeServiceTests(DevChain chain) : IClassFixture<DevChain>, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-node-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task ALedgerIsOpenedPaidOverAndClosedOnARealChain()
    {
        using var application = Application();
        await application.StartAsync();
        var node = application.Services.GetRequiredService<NodeService>();
        var (alice, bob) = (node.Tenants[0], node.Tenants[1]);
        await FundAsync(node);

        var id = await IdAsync(alice, "create_ledger_channel", TestWorld.Ledger(alice.Address, bob.Address, 100, 50));
        await CompletedAsync(alice, $"DirectFunding-{id}");
        await CompletedAsync(bob, $"DirectFunding-{id}");
        Assert.Equal("150", (await HoldingsAsync(id)).ToString());

        await CallAsync(alice, "close_ledger_channel", $$"""{"ChannelId":"{{id}}"}""");
        await CompletedAsync(alice, $"DirectDefunding-{id}");
        await CompletedAsync(bob, $"DirectDefunding-{id}");

        Assert.Equal("0", (await HoldingsAsync(id)).ToString());
        Assert.Equal(2, node.Addresses.Count);
        using var http = new HttpClient();
        var answer = await http.PostAsync(
            node.Addresses[0].Api,
            new StringContent("""{"jsonrpc":"2.0","id":1,"method":"get_address","params":{"authtoken":"","payload":{}}}""", Encoding.UTF8, "application/json"));
        Assert.Contains(alice.Address, await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        await application.StopAsync();
        Assert.All(node.Tenants, tenant => Assert.Equal(TenantState.Stopped, tenant.State));
    }

    [Fact]
    public async Task ARestartedProcessGoesOnWithItsJournals()
    {
        string id;
        using (var first = Application())
        {
            await first.StartAsync();
            var node = first.Services.GetRequiredService<NodeService>();
            id = await IdAsync(node.Tenants[0], "create_ledger_channel", TestWorld.Ledger(node.Tenants[0].Address, node.Tenants[1].Address, 10, 20));
            await first.StopAsync();
        }

        using var second = Application();
        await second.StartAsync();
        var again = second.Services.GetRequiredService<NodeService>();
        await FundAsync(again);

        await CompletedAsync(again.Tenants[0], $"DirectFunding-{id}");
        await CompletedAsync(again.Tenants[1], $"DirectFunding-{id}");
        await second.StopAsync();
    }

    [Fact]
    public async Task ATenantThatCannotStartLeavesTheOthersAtWork()
    {
        Directory.CreateDirectory(Path.Combine(folder.FullName, "alice"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "alice", "marks.db"), new string('x', 4096));
        using var application = Application();

        await application.StartAsync();

        var node = application.Services.GetRequiredService<NodeService>();
        Assert.Equal("bob", Assert.Single(node.Tenants).Name);
        await application.StopAsync();
    }

    [Fact]
    public async Task StartsBeforeTheFirstChannelLeaveNothingBehind()
    {
        string[] files = [];
        for (var start = 0; start < 3; start++)
        {
            using var application = Application();
            await application.StartAsync();
            await application.StopAsync();
            var found = Directory.GetFiles(folder.FullName, "*", SearchOption.AllDirectories).Order().ToArray();
            Assert.Equal(start == 0 ? found : files, found);
            files = found;
        }
    }

    [Fact]
    public async Task WhatANodeWritesIsForItsOwnerAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var application = Application();
        await application.StartAsync();

        var files = Directory.GetFiles(Path.Combine(folder.FullName, "alice"));
        Assert.All(
            (string[])["channel.key", "chain.key", "token.key", "journal.db", "journal.db-wal", "marks.db-wal", "chain.db-wal"],
            name => Assert.Contains(name, files.Select(Path.GetFileName)));
        foreach (var file in files)
        {
            Assert.Equal((file, UnixFileMode.UserRead | UnixFileMode.UserWrite), (file, File.GetUnixFileMode(file)));
        }

        await application.StopAsync();
    }

    [Fact]
    public async Task TenantsMayNotShareAKey()
    {
        using (var first = Application())
        {
            await first.StartAsync();
            await first.StopAsync();
        }

        File.Copy(Path.Combine(folder.FullName, "alice", "chain.key"), Path.Combine(folder.FullName, "bob", "chain.key"), overwrite: true);
        using var second = Application();

        Assert.Contains("chain key of another tenant", (await Assert.ThrowsAsync<NodeOptionsException>(() => second.StartAsync())).Message);
    }

    [Fact]
    public async Task WhenNoTenantCanStartTheProcessDoesNot()
    {
        foreach (var tenant in (string[])["alice", "bob"])
        {
            Directory.CreateDirectory(Path.Combine(folder.FullName, tenant));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, tenant, "channel.key"), "no key");
        }

        using var application = Application();

        var reasons = (await Assert.ThrowsAsync<TenantStoppedException>(() => application.StartAsync())).Message.Split('\n');
        Assert.Equal(2, reasons.Length);
        Assert.StartsWith("Tenant alice cannot start: The key file", reasons[0]);
        Assert.StartsWith("Tenant bob cannot start: The key file", reasons[1]);
    }

    [Fact]
    public async Task AMemoryJournalForgetsAndStartsAfresh()
    {
        for (var start = 0; start < 2; start++)
        {
            using var application = Application("memory");
            await application.StartAsync();
            var node = application.Services.GetRequiredService<NodeService>();
            await FundAsync(node);
            var id = await IdAsync(node.Tenants[0], "create_ledger_channel", TestWorld.Ledger(node.Tenants[0].Address, node.Tenants[1].Address, 10, 20));
            await CompletedAsync(node.Tenants[0], $"DirectFunding-{id}");
            await application.StopAsync();
        }

        Assert.Empty(Directory.GetFiles(folder.FullName, "journal.db", SearchOption.AllDirectories));
    }

    private static async Task<JsonElement> CallAsync(Tenant tenant, string method, string payload)
    {
        var answer = await tenant.Port.CallAsync(method, Encoding.UTF8.GetBytes(payload), null, CancellationToken.None);
        Assert.True(answer.Problem is null, $"{method}: {answer.Problem?.Message}");
        return JsonDocument.Parse(answer.Result).RootElement;
    }

    private static async Task<string> IdAsync(Tenant tenant, string method, string payload) =>
        (await CallAsync(tenant, method, payload)).GetProperty("ChannelId").GetString()!;

    private static async Task CompletedAsync(Tenant tenant, string objective)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var status = "";
        while (status != "Completed")
        {
            try
            {
                await tick.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{tenant.Name}: {objective} is {status}; {await CallAsync(tenant, "get_node_statistics", "")} {tenant.Failure}");
            }

            var answer = await tenant.Port.CallAsync("get_objective", Encoding.UTF8.GetBytes($$"""{"Id":"{{objective}}"}"""), null, limit.Token);
            status = answer.Problem is null ? JsonDocument.Parse(answer.Result).RootElement.GetProperty("Status").GetString() : answer.Problem.Message;
        }
    }

    private async Task<BigInteger> HoldingsAsync(string channel)
    {
        var answer = await chain.Node.CallAsync(new CallRequest(null, chain.Adjudicator, BigInteger.Zero, DevChain.HoldingsData(Hex.Parse(channel).ToArray())), "latest", CancellationToken.None);
        return new BigInteger(answer.Span, isUnsigned: true, isBigEndian: true);
    }

    /// <summary>Gives each tenant's chain account some ether for deposits and gas.</summary>
    private async Task FundAsync(NodeService node)
    {
        foreach (var tenant in node.Tenants)
        {
            var key = Nitro.Signing.KeyFile.LoadOrCreate(Path.Combine(folder.FullName, tenant.Name, "chain.key"));
            await chain.ControlAsync("anvil_setBalance", writer =>
            {
                writer.WriteStringValue(TestKeys.AddressOf(key));
                writer.WriteStringValue("0xde0b6b3a7640000");
            });
        }
    }

    private IHost Application(string journal = "sqlite")
    {
        var options = new NodeOptions
        {
            Chain = new ChainSettings { Url = chain.Anvil.Url.ToString(), Confirmations = 0 },
            Contracts = new ContractSettings
            {
                Adjudicator = Hex.Bytes(chain.Adjudicator.Span),
                ConsensusApp = Hex.Bytes(chain.Contracts.ConsensusApp.Address.Span),
                VirtualPaymentApp = Hex.Bytes(chain.Contracts.VirtualPaymentApp.Address.Span),
            },
            DataDirectory = folder.FullName,
            Journal = journal,
            Rpc = new RpcSettings { Listen = "127.0.0.1:0" },
            Tenants = new Dictionary<string, TenantOptions> { ["alice"] = new(), ["bob"] = new() },
        };
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddNitroNode(options);
        return builder.Build();
    }
}
