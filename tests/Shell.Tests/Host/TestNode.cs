using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Nitro.Host;
using Nitro.Host.Link;
using Nitro.Journal;
using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.Signing;
using Xunit;

namespace Nitro.Shell.Tests.Host;

/// <summary>A tenant at work over a fake chain and its world's network; it can be stopped like a crash and opened again.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly TestWorld world;
    private readonly byte[] key;
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;

    private TestNode(TestWorld world, byte[] key, MemoryJournal journal)
    {
        this.world = world;
        this.key = key;
        Journal = journal;
        Address = TestKeys.AddressOf(key);
        Name = Address[2..6];
    }

    public MemoryJournal Journal { get; }

    public string Name { get; }

    /// <summary>0x and 40 digits.</summary>
    public string Address { get; }

    public Tenant Tenant { get; private set; } = null!;

    public FakeChainEnd Chain { get; private set; } = null!;

    public static Task<TestNode> StartAsync(TestWorld world, int key) => StartAsync(world, key, new MemoryJournal());

    public static Task<TestNode> StartAsync(TestWorld world, int key, MemoryJournal journal) => StartAsync(world, TestKeys.Key(key), journal, null);

    public static async Task<TestNode> StartAsync(TestWorld world, byte[] key, MemoryJournal journal, IJournal? instead)
    {
        var node = new TestNode(world, key, journal);
        await node.OpenAsync(instead ?? journal);
        return node;
    }

    /// <summary>Stops without finishing anything, and starts again over what is durable.</summary>
    public async Task<TestNode> RestartAsync()
    {
        await DisposeAsync();
        return await StartAsync(world, key, Journal.Reopen(), null);
    }

    public string SnapshotPath => Path.Combine(world.Folder, Name, "snapshot");

    public string WitnessPath => Path.Combine(world.Folder, Name, "witness.json");

    /// <summary>The call's result.</summary>
    public async Task<JsonElement> CallAsync(string method, string payload, string? requestId = null)
    {
        var answer = await Tenant.Port.CallAsync(method, Encoding.UTF8.GetBytes(payload), requestId, CancellationToken.None);
        Assert.True(answer.Problem is null, $"{method}: {answer.Problem?.Message} ({answer.Problem?.Next})");
        return JsonDocument.Parse(answer.Result).RootElement;
    }

    public async Task<NodeProblem?> ProblemAsync(string method, string payload, string? requestId = null) =>
        (await Tenant.Port.CallAsync(method, Encoding.UTF8.GetBytes(payload), requestId, CancellationToken.None)).Problem;

    /// <summary>Waits until the objective has this status.</summary>
    public async Task ObjectiveAsync(string id, string status)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var found = "";
        while (found != status)
        {
            try
            {
                await tick.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{Name}: {id} is {found}, not {status}; {await CallAsync("get_node_statistics", "")}");
            }

            var answer = await Tenant.Port.CallAsync("get_objective", Encoding.UTF8.GetBytes($$"""{"Id":"{{id}}"}"""), null, limit.Token);
            found = answer.Problem is null ? JsonDocument.Parse(answer.Result).RootElement.GetProperty("Status").GetString()! : answer.Problem.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        await Tenant.DisposeAsync();
    }

    private async Task OpenAsync(IJournal journal)
    {
        Assert.True(NitroCore.TryConfigure(TestWorld.SettingsJson(Address), TestKeys.Recover, out var settings, out var error), error);
        Chain = world.Chain.End();
        var signer = await InProcessSigner.OpenAsync(
            key, new InProcessSignerOptions { MarksPath = Path.Combine(world.Folder, Name, "marks.db") }, CancellationToken.None);
        Tenant = await Tenant.OpenAsync(
            new TenantParts
            {
                Name = Name,
                Settings = settings!,
                Journal = journal,
                Signer = signer,
                Chain = Chain,
                Link = await world.LinkOf(key),
                Logger = world.Loggers.CreateLogger(Name),
                Limits = world.Limits,
                EpochRecords = world.EpochRecords,
                SnapshotPath = world.SnapshotRecords == 0 ? null : SnapshotPath,
                SnapshotRecords = world.SnapshotRecords,
                WitnessPath = world.SnapshotRecords == 0 ? null : WitnessPath,
            },
            CancellationToken.None);
        running = Tenant.RunAsync(stop.Token);
    }
}
