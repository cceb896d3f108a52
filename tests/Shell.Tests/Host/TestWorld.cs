using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nitro.Host;
using Nitro.Host.Link;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Host;

/// <summary>What the nodes of a test share.</summary>
internal sealed class TestWorld : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-host-");

    public TestWorld() => LinkOf = key => ValueTask.FromResult(Network.LinkOf(Convert.FromHexString(TestKeys.AddressOf(key).AsSpan(2))));

    public FakeChain Chain { get; } = new();

    public InProcessNetwork Network { get; } = new();

    /// <summary>The way to its peers of the node with this channel key; the in-process network where nothing else is said.</summary>
    public Func<byte[], ValueTask<IPeerLink>> LinkOf { get; init; }

    public TenantLimits Limits { get; init; } = new();

    public long EpochRecords { get; init; } = 200_000;

    /// <summary>0: no snapshots.</summary>
    public long SnapshotRecords { get; init; }

    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    public string Folder => folder.FullName;

    public static ReadOnlyMemory<byte> SettingsJson(string address) => Encoding.UTF8.GetBytes(
        $$"""
        {"address":"{{address}}","consensusApp":"0x00000000000000000000000000000000000000c1","virtualPaymentApp":"0x00000000000000000000000000000000000000c2",
         "adjudicator":"0x00000000000000000000000000000000000000c3","defaultChallengeDuration":86400,"openingSeconds":600,
         "policy":{"mode":"automatic"} }
        """);

    /// <summary>The payload of create_ledger_channel between two.</summary>
    public static string Ledger(string me, string them, int mine, int theirs) =>
        $$"""{"CounterParty":"{{them}}","ChallengeDuration":0,"Outcome":{{Outcome(me, them, mine, theirs)}} }""";

    /// <summary>The payload of create_payment_channel.</summary>
    public static string Payment(string me, string through, string them, int amount) =>
        $$"""{"Intermediaries":["{{through}}"],"CounterParty":"{{them}}","ChallengeDuration":0,"Outcome":{{Outcome(me, them, amount, 0)}} }""";

    public void Dispose() => folder.Delete(recursive: true);

    private static string Outcome(string me, string them, int mine, int theirs) =>
        $$"""
        [{"Asset":"0x0000000000000000000000000000000000000000","AssetMetadata":{"AssetType":0,"Metadata":""},
          "Allocations":[{{Allocation(me, mine)}},{{Allocation(them, theirs)}}]}]
        """;

    private static string Allocation(string to, int amount) =>
        $$"""{"Destination":"0x000000000000000000000000{{to[2..]}}","Amount":{{amount}},"AllocationType":0,"Metadata":""}""";
}
