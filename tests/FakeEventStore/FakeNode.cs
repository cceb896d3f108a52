using System.Net;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nitro.EventStore.Protocol;
using Nitro.EventStore.Streams;
using Nitro.Grpc;

namespace Nitro.FakeEventStore;

/// <summary>One server of a cluster, behind a wire that can be cut.</summary>
public sealed class FakeNode : IAsyncDisposable
{
    private readonly FakeCluster cluster;
    private readonly Guid id = Guid.NewGuid();
    private readonly GrpcServer server;
    private readonly Wire wire;

    private FakeNode(FakeCluster cluster, GrpcServer server, Wire wire) => (this.cluster, this.server, this.wire) = (cluster, server, wire);

    /// <summary>Where clients find it.</summary>
    public int Port => wire.Port;

    /// <summary>The same server without the wire, for measurements.</summary>
    public int DirectPort => server.Addresses[0].Port;

    /// <summary>It cannot write any more.</summary>
    public bool IsFull { get; set; }

    /// <summary>It copies the leader and never becomes one.</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>It answers every call that it is not ready.</summary>
    public bool IsStarting { get; set; }

    /// <summary>Bytes of one append.</summary>
    public int MaxAppendSize { get; set; } = 1024 * 1024;

    /// <summary>Bytes of one event.</summary>
    public int MaxAppendEventSize { get; set; } = int.MaxValue;

    /// <summary>Whether anybody can connect to it.</summary>
    public bool IsAlive => wire.IsUp;

    /// <summary>As if its process had been killed; its data is the cluster's.</summary>
    public void Kill() => wire.IsUp = false;

    /// <summary>As if it had been started again.</summary>
    public void Revive() => wire.IsUp = true;

    /// <summary>Resets every connection; new ones may be made.</summary>
    public void Cut() => wire.Cut();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await wire.DisposeAsync();
        await server.DisposeAsync();
    }

    internal static async Task<FakeNode> StartAsync(FakeCluster cluster, Database database, HttpsConnectionAdapterOptions? tls, int port, CancellationToken cancellationToken)
    {
        FakeNode? node = null;
        FakeNode Self() => node ?? throw Errors.NotReady();
        Task<T> Open<T>(GrpcServerCall call, Func<T> answer)
        {
            _ = Self().IsKnown(call); // without a name this is for everybody
            return Task.FromResult(answer());
        }

        var handlers = new GrpcHandlers()
            .Unary(Methods.Gossip, (_, call) => Open(call, cluster.Gossip))
            .Unary(Methods.SupportedMethods, (_, call) => Open(call, Features));
        var late = new Lazy<FakeNode>(Self);
        new AppendService(late, database).Bind(handlers);
        new ReadService(late, database).Bind(handlers);
        var server = await GrpcServer.StartAsync(
            new GrpcServerOptions
            {
                Endpoints = [GrpcEndpoint.Tcp(new IPEndPoint(IPAddress.Loopback, 0), tls)],
                MaxReceiveBytes = 16 * 1024 * 1024,
                MaxSendBytes = 17 * 1024 * 1024,
                StopTimeout = TimeSpan.FromMilliseconds(100),
            },
            handlers,
            null,
            cancellationToken);
        return node = new FakeNode(cluster, server, new Wire(server.Addresses[0].Port, port));
    }

    /// <summary>Whether a call may be made at all: the server is ready, the caller known, and the right server asked.</summary>
    internal void Admit(GrpcServerCall call)
    {
        if (IsStarting)
        {
            throw Errors.NotReady();
        }

        if (!IsKnown(call) && cluster.User is not null)
        {
            throw Errors.AccessDenied();
        }

        if (string.Equals(call.Metadata.Find("requires-leader")?.Value, "true", StringComparison.OrdinalIgnoreCase) && cluster.Leader != this)
        {
            throw cluster.Leader is { } leader ? Errors.NotLeader(FakeCluster.Host, leader.Port) : Errors.NoLeader();
        }
    }

    /// <summary>Whether somebody has a name; a wrong one is refused whatever is called, gossip too.</summary>
    private bool IsKnown(GrpcServerCall call)
    {
        var given = call.Metadata.Find("authorization")?.Value;
        if (cluster.User is not { } user || given is null || !given.StartsWith("Basic ", StringComparison.Ordinal))
        {
            return false;
        }

        return given["Basic ".Length..] == Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{cluster.Password}")) ? true : throw Errors.Unauthenticated();
    }

    /// <summary>Lets go wrong what the test wants to.</summary>
    internal async Task FaultAsync(FaultPoint point, string stream, GrpcServerCall call)
    {
        switch (cluster.Faults(point, stream))
        {
            case Fault.None: return;
            case Fault.NotReady: throw Errors.NotReady();
            case Fault.TimedOut: throw Errors.TimedOut();
            case Fault.Thrown: throw Errors.Thrown();
            case Fault.Held: await cluster.Held.WaitAsync(call.CancellationToken); return;
            case Fault.Cut: Cut(); break;
            case Fault.Silence: break;
        }

        await Task.Delay(System.Threading.Timeout.Infinite, call.CancellationToken); // until the client has noticed
    }

    internal MemberInfo Member(long now) => new()
    {
        InstanceId = EventId.ToMessage(id),
        TimeStamp = now,
        IsAlive = IsAlive,
        State = cluster.Leader == this ? MemberInfo.Types.VNodeState.Leader
            : IsReadOnly ? MemberInfo.Types.VNodeState.ReadOnlyReplica : MemberInfo.Types.VNodeState.Follower,
        HttpEndPoint = new Nitro.EventStore.Protocol.EndPoint { Address = FakeCluster.Host, Port = (uint)Port },
    };

    private static SupportedMethods Features() => new()
    {
        EventStoreServerVersion = "24.2.0",
        Methods =
        {
            new SupportedMethod { ServiceName = "event_store.client.streams.streams", MethodName = "read", Features = { "position", "events" } },
            new SupportedMethod { ServiceName = "event_store.client.streams.streams", MethodName = "append" },
            new SupportedMethod { ServiceName = "event_store.client.streams.streams", MethodName = "batchappend", Features = { "deadline_duration" } },
        },
    };
}
