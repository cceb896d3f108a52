using System.Numerics;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Nitro.Cli;
using Nitro.Cli.Demo;
using Nitro.Host.Link;
using Nitro.Host.Options;
using Nitro.Libp2p.Identity;
using Nitro.Libp2p.Link;
using Nitro.Shell.Tests.EndToEnd;
using Nitro.Shell.Tests.Host;

namespace Nitro.Shell.Tests.Network;

/// <summary>Nodes of one process over a fake chain that reach each other over TCP alone, each as its settings say.</summary>
internal sealed class Neighbours : IDisposable
{
    private readonly Dictionary<string, string> _settings = new(StringComparer.Ordinal);

    public Neighbours() => World = new TestWorld { LinkOf = key => OpenAsync(key), Loggers = LoggerFactory.Create(log => log.SetMinimumLevel(LogLevel.Debug).AddProvider(Log)) };

    public TestWorld World { get; }

    /// <summary>What all of them logged.</summary>
    public LogKeeper Log { get; } = new();

    /// <summary>Starts the node of a key with the sections <c>network</c> and <c>peers</c>, as JSON without braces.</summary>
    public Task<TestNode> StartAsync(int key, string settings)
    {
        _settings[Convert.ToHexString(TestKeys.Key(key))] = settings;
        return TestNode.StartAsync(World, key);
    }

    /// <summary>A multiaddr of this machine with the peer id of a key.</summary>
    public static string Place(int key, int port) => $"/ip4/127.0.0.1/tcp/{port}/p2p/{PeerOf(key)}";

    /// <summary>The section of a node that listens at a port.</summary>
    public static string Listening(int port, params string[] boot) =>
        $$""" "network":{"listen":["127.0.0.1:{{port}}"],"bootPeers":[{{string.Join(',', boot.Select(one => $"\"{one}\""))}}]} """;

    /// <summary>The section of a node that knows a peer.</summary>
    public static string Knowing(int peer, string more) => $$""" "peers":{"{{TestKeys.AddressOf(TestKeys.Key(peer))}}":{ {{more}} } } """;

    /// <summary>A tenant's plan out of such sections.</summary>
    public static TenantPlan Plan(string settings) => NodePlan.From(NodeConfiguration.Read(new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(
        $$"""
        {"contracts":{"adjudicator":"0x00000000000000000000000000000000000000a1","consensusApp":"0x00000000000000000000000000000000000000a2",
          "virtualPaymentApp":"0x00000000000000000000000000000000000000a3"}, {{settings}} }
        """))).Build())).Tenants[0];

    /// <summary>Waits until a node has so many peers.</summary>
    public static Task ConnectedAsync(TestNode node, int peers, CancellationToken limit) =>
        Wait.UntilAsync(() => node.Tenant.Statistics.Network.Peers == peers, limit);

    /// <summary>A ledger channel, open at both.</summary>
    public static async Task LedgerAsync(TestNode left, TestNode right, int mine, int theirs)
    {
        var started = await left.CallAsync("create_ledger_channel", TestWorld.Ledger(left.Address, right.Address, mine, theirs));
        await left.ObjectiveAsync(started.GetProperty("Id").GetString()!, "Completed");
        await right.ObjectiveAsync(started.GetProperty("Id").GetString()!, "Completed");
    }

    /// <summary>A payment channel, open at all three; its id.</summary>
    public static async Task<string> PaymentsAsync(TestNode payer, TestNode through, TestNode payee, int amount)
    {
        var started = await payer.CallAsync("create_payment_channel", TestWorld.Payment(payer.Address, through.Address, payee.Address, amount));
        foreach (var node in (TestNode[])[payer, through, payee])
        {
            await node.ObjectiveAsync(started.GetProperty("Id").GetString()!, "Completed");
        }

        return started.GetProperty("ChannelId").GetString()!;
    }

    /// <summary>One payment.</summary>
    public static Task PayAsync(TestNode payer, string channel, int amount) => payer.CallAsync("pay", $$"""{"Amount":{{amount}},"Channel":"{{channel}}"}""");

    /// <summary>Waits until a node has been paid so much.</summary>
    public static Task PaidAsync(TestNode payee, string channel, int amount, CancellationToken limit) => Wait.UntilAsync(
        async () => Amounts.TryHex((await payee.CallAsync("get_payment_channel", $$"""{"Id":"{{channel}}"}""")).GetProperty("Balance").GetProperty("PaidSoFar").GetString(), out var paid)
            && paid == new BigInteger(amount),
        limit);

    public void Dispose()
    {
        World.Loggers.Dispose();
        World.Dispose();
    }

    private static string PeerOf(int key) => PeerId.Of(new Secp256k1Identity(TestKeys.Key(key)).PublicKey).ToString();

    private async ValueTask<Nitro.Ports.IPeerLink> OpenAsync(byte[] key) => await NetworkLink.OpenAsync(
        Plan(_settings[Convert.ToHexString(key)]), new LocalNetworkKeys(key), World.Loggers.CreateLogger("Network"), TimeProvider.System, CancellationToken.None);
}
