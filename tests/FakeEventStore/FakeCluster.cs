using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nitro.EventStore.Protocol;

namespace Nitro.FakeEventStore;

/// <summary>
/// A small EventStoreDB for tests: servers on one database in memory, one of which leads. It answers as the real one does, and fails as
/// told. What it knows is what a journal needs: appends, reads by count, deletion, gossip.
/// </summary>
public sealed class FakeCluster : IAsyncDisposable
{
    /// <summary>The name under which all servers are reached.</summary>
    public const string Host = "localhost";

    private readonly List<FakeNode> nodes = [];
    private readonly bool isSecure;
    private volatile FakeNode? leader;

    private FakeCluster(TimeProvider time, bool isSecure)
    {
        Database = new Database(time);
        this.isSecure = isSecure;
    }

    /// <summary>The servers.</summary>
    public IReadOnlyList<FakeNode> Nodes => nodes;

    /// <summary>Null: there is none at the moment.</summary>
    public FakeNode? Leader => leader;

    /// <summary>The one user; null: everybody may do everything.</summary>
    public string? User { get; set; }

    /// <summary>That user's.</summary>
    public string? Password { get; set; }

    /// <summary>Asked at every point of every call on a stream what goes wrong there.</summary>
    public Func<FaultPoint, string, Fault> Faults { get; set; } = static (_, _) => Fault.None;

    /// <summary>What calls wait for that are held.</summary>
    public Task Held { get; set; } = Task.CompletedTask;

    /// <summary>What names all its servers.</summary>
    public string ConnectionString => Connect([.. nodes.Select(node => node.Port)]);

    /// <summary>What names the first server without its wire.</summary>
    public string DirectConnectionString => Connect([nodes[0].DirectPort]);

    /// <summary>What all events together count towards the sizes of their appends: data, metadata, and twice the type.</summary>
    public long StoredBytes => Database.Bytes;

    internal Database Database { get; }

    /// <summary>Starts servers, of which the first leads. <paramref name="port"/>: the first one's, 0 for any.</summary>
    public static async Task<FakeCluster> StartAsync(
        int count = 1, HttpsConnectionAdapterOptions? tls = null, TimeProvider? time = null, int port = 0, CancellationToken cancellationToken = default)
    {
        var cluster = new FakeCluster(time ?? TimeProvider.System, tls is not null);
        for (var i = 0; i < count; i++)
        {
            cluster.nodes.Add(await FakeNode.StartAsync(cluster, cluster.Database, tls, i == 0 ? port : 0, cancellationToken));
        }

        cluster.leader = cluster.nodes[0];
        return cluster;
    }

    /// <summary>Makes a server the leader; null: nobody leads.</summary>
    public void Elect(FakeNode? node) => leader = node;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    internal ClusterInfo Gossip() => new() { Members = { nodes.Select(node => node.Member(Database.Now)) } };

    private string Connect(int[] ports)
    {
        var user = User is null ? "" : $"{Uri.EscapeDataString(User)}:{Uri.EscapeDataString(Password ?? "")}@";
        return $"esdb://{user}{string.Join(',', ports.Select(port => $"{Host}:{port}"))}?tls={(isSecure ? "true" : "false")}";
    }
}
