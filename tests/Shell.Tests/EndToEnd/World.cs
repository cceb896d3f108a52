using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nitro.Cli.Demo;
using Nitro.Ethereum;
using Nitro.Host;
using Nitro.Host.Options;
using Nitro.JsonRpc;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>Parties with money on a lab's chain, a configuration of one node for all of them, and that node: in this process or in one of its own.</summary>
internal sealed class World : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-e2e-");
    private readonly CancellationTokenSource _deadline;
    private IHost? _host;

    private World(Lab lab, TimeSpan deadline)
    {
        Lab = lab;
        _deadline = new CancellationTokenSource(deadline);
    }

    public Lab Lab { get; }

    /// <summary>Ends every wait of a test that takes too long.</summary>
    public CancellationToken Token => _deadline.Token;

    public IReadOnlyList<Party> Parties { get; private set; } = [];

    /// <summary>The block after which the parties' transactions begin.</summary>
    public long StartBlock { get; private set; }

    /// <summary>What the next start reads.</summary>
    public JsonObject Config { get; } = [];

    public string ConfigFile => Path.Combine(_folder.FullName, "nitro.json");

    public string DataDirectory => Path.Combine(_folder.FullName, "data");

    /// <summary>What the node in this process logged.</summary>
    public LogKeeper Log { get; } = new();

    /// <summary>The node's process, where it has one.</summary>
    public NodeProcess? Process { get; private set; }

    public Party this[string name] => Parties.Single(party => party.Name == name);

    /// <summary>Parties with fresh keys, each with ether and tokens; no node runs yet.</summary>
    public static Task<World> BuildAsync(Lab lab, params string[] names) => BuildAsync(lab, TimeSpan.FromSeconds(150), names);

    /// <summary>The same, for a test that takes longer.</summary>
    public static async Task<World> BuildAsync(Lab lab, TimeSpan deadline, params string[] names)
    {
        var world = new World(lab, deadline);
        var keys = Directory.CreateDirectory(Path.Combine(world._folder.FullName, "keys")).FullName;
        world.Parties = [.. names.Zip(FreePorts.Take(names.Length), (name, port) => Party.Create(name, port, keys))];
        await lab.GrantAsync(world.Parties.Select(party => party.ChainAccount), world.Token);
        world.StartBlock = await lab.Node.LatestHeightAsync(world.Token);
        world.Configure();
        return world;
    }

    /// <summary>The folder of a party's journal, marks and chain store.</summary>
    public string FolderOf(Party party) => Path.Combine(DataDirectory, party.Name);

    /// <summary>A party's section of the configuration.</summary>
    public JsonObject Tenant(string name) => Config["tenants"]![name]!.AsObject();

    /// <summary>Writes the configuration as it is now.</summary>
    public void WriteConfig() => File.WriteAllText(ConfigFile, Config.ToJsonString());

    /// <summary>Every tenant's records, for a failure's message. The node may be running.</summary>
    public string Journals() => string.Concat(Parties.Select(party => $"\n{party.Name} {party.AddressText}\n{JournalText.Of(Path.Combine(FolderOf(party), "journal.db"))}"));

    /// <summary>Starts the node in this process.</summary>
    public async Task StartAsync(Action<IServiceCollection>? before = null)
    {
        WriteConfig();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning).AddProvider(Log);
        before?.Invoke(builder.Services);
        builder.Services.AddNitroNode(NodeConfiguration.Load(ConfigFile, []));
        var host = builder.Build();
        try
        {
            await host.StartAsync(Token);
            _host = host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Ends the node in this process cleanly.</summary>
    public async Task StopAsync()
    {
        if (_host is { } host)
        {
            _host = null;
            await host.StopAsync(CancellationToken.None);
            host.Dispose();
        }
    }

    /// <summary>Starts the node as a process and waits until every tenant answers.</summary>
    public async Task<NodeProcess> StartProcessAsync(IReadOnlyDictionary<string, string>? environment = null, params string[] flags)
    {
        WriteConfig();
        if (Process is { } old)
        {
            await old.DisposeAsync();
        }

        Process = NodeProcess.Start(["node", "--config", ConfigFile, "--end-with-stdin", .. flags], environment);
        foreach (var party in Parties)
        {
            await Wait.UntilAsync(() => AnswersAsync(party, Process), Token);
        }

        return Process;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (Process is not null)
        {
            await Process.DisposeAsync();
        }

        foreach (var party in Parties)
        {
            party.Dispose();
        }

        _deadline.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<bool> AnswersAsync(Party party, NodeProcess process)
    {
        if (process.HasEnded)
        {
            throw new InvalidOperationException($"The node ended with {await process.EndAsync(Token)}: {process.Error}");
        }

        try
        {
            return string.Equals((await party.CallAsync("get_address", null, null, Token)).GetString(), party.AddressText, StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is RpcUnreachable or RpcError { Tag: "waiting-for-signer" })
        {
            return false;
        }
    }

    private void Configure()
    {
        Config["chain"] = new JsonObject
        {
            ["url"] = Lab.WsUrl.ToString(), ["chainId"] = Lab.ChainId, ["startBlock"] = StartBlock, ["confirmations"] = 1,
        };
        Config["contracts"] = new JsonObject
        {
            ["adjudicator"] = Hex.Bytes(Lab.Contracts.NitroAdjudicator.Address.Span),
            ["consensusApp"] = Hex.Bytes(Lab.Contracts.ConsensusApp.Address.Span),
            ["virtualPaymentApp"] = Hex.Bytes(Lab.Contracts.VirtualPaymentApp.Address.Span),
        };
        Config["dataDirectory"] = DataDirectory;
        Config["policy"] = new JsonObject { ["minChallengeDuration"] = 0 };
        Config["tenants"] = new JsonObject(Parties.Select(party => KeyValuePair.Create<string, JsonNode?>(party.Name, new JsonObject
        {
            ["rpc"] = new JsonObject { ["listen"] = party.Listen },
            ["network"] = new JsonObject { ["listen"] = new JsonArray() },
            ["keys"] = new JsonObject { ["channelKeyFile"] = party.ChannelKeyFile, ["chainKeyFile"] = party.ChainKeyFile },
        })));
        Config["log"] = new JsonObject { ["level"] = "debug" };
    }
}
