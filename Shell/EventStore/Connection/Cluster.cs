using Nitro.EventStore.Protocol;
using Nitro.EventStore.Streams;
using Nitro.Grpc;

namespace Nitro.EventStore.Connection;

/// <summary>The servers of one database: knows which leads, finds out when it does not, and keeps one channel to each. For any thread.</summary>
internal sealed class Cluster(EventStoreSettings settings, Transport transport, TimeProvider time) : IDisposable
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim discovering = new(1, 1);
    private readonly Dictionary<ServerAddress, GrpcChannel> channels = [];
    private readonly HashSet<ServerAddress> members = [];
    private ServerAddress? leader;
    private ServerAddress? failed;
    private bool isDisposed;

    /// <summary>The server that leads, as far as is known, and the channel to it.</summary>
    /// <exception cref="GrpcException">UNAVAILABLE: nobody leads, or nobody answers.</exception>
    internal async Task<(ServerAddress Server, GrpcChannel Channel)> LeaderAsync(CancellationToken cancellationToken)
    {
        await discovering.WaitAsync(cancellationToken);
        try
        {
            var server = Leader() ?? await DiscoverAsync(cancellationToken);
            lock (gate)
            {
                leader = server;
            }

            return (server, Channel(server));
        }
        finally
        {
            discovering.Release();
        }
    }

    /// <summary>The leader that a server named, who is none itself; or null: it knows none.</summary>
    internal void Redirect(ServerAddress from, ServerAddress? to)
    {
        lock (gate)
        {
            if (leader == from)
            {
                leader = to;
                failed = from;
            }

            if (to is { } server)
            {
                members.Add(server);
            }
        }
    }

    /// <summary>A call to this server failed: it may be another one that leads now.</summary>
    internal void Doubt(ServerAddress server) => Redirect(server, null);

    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            foreach (var channel in channels.Values)
            {
                channel.Dispose();
            }
        }
    }

    private ServerAddress? Leader()
    {
        lock (gate)
        {
            // A single server that nobody redirected from is its own leader: no need to ask.
            return leader ?? (!settings.Discovers && members.Count == 0 ? settings.Servers[0] : null);
        }
    }

    private GrpcChannel Channel(ServerAddress server)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (!channels.TryGetValue(server, out var channel))
            {
                channels[server] = channel = transport.Open(server);
            }

            return channel;
        }
    }

    private async Task<ServerAddress> DiscoverAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        for (var round = 1; ; round++)
        {
            var candidates = Candidates();
            var failures = new List<GrpcException>();
            foreach (var candidate in candidates)
            {
                try
                {
                    if (await AskAsync(candidate, cancellationToken) is { } found)
                    {
                        return found;
                    }
                }
                catch (GrpcException e)
                {
                    failures.Add(e);
                }
            }

            // Members that say nothing at all make rounds long: whoever waits has a time of its own, and asks again.
            if (round == settings.DiscoverAttempts || time.GetElapsedTime(began) >= settings.Deadline)
            {
                throw NoLeader(failures, failures.Count == candidates.Count);
            }

            await Task.Delay(settings.DiscoverInterval, time, cancellationToken);
        }
    }

    /// <summary>What stops one server only does not stop the cluster, whose others may have a leader soon: it is said, and nothing more.</summary>
    private static GrpcException NoLeader(List<GrpcException> failures, bool isEverybody)
    {
        var refusal = failures.Find(IsRefusal);
        if (isEverybody && refusal is not null && failures.TrueForAll(each => IsRefusal(each) || each.Code is GrpcStatusCode.Unavailable or GrpcStatusCode.DeadlineExceeded))
        {
            return new GrpcException(refusal.Code, refusal.Message, refusal.Trailers, refusal);
        }

        var isDistrusted = isEverybody && failures.Count > 0 && failures.TrueForAll(Transport.IsDistrust);
        return new GrpcException(
            GrpcStatusCode.Unavailable,
            failures.Count == 0
                ? "no member of the cluster says that it leads"
                : $"no leader was found: {string.Join("; ", failures.Select(each => each.Message.TrimEnd('.')).Distinct())}",
            inner: isDistrusted ? failures[0] : null);
    }

    private static bool IsRefusal(GrpcException failure) => failure.Code is GrpcStatusCode.Unauthenticated or GrpcStatusCode.PermissionDenied;

    /// <summary>Members and seeds in random order; the one that just failed goes last.</summary>
    private List<ServerAddress> Candidates()
    {
        lock (gate)
        {
            var all = members.Union(settings.Servers).ToArray();
            Random.Shared.Shuffle(all);
            return [.. all.OrderBy(server => server == failed)];
        }
    }

    private async Task<ServerAddress?> AskAsync(ServerAddress candidate, CancellationToken cancellationToken)
    {
        var told = await Channel(candidate).UnaryAsync(Methods.Gossip, new Empty(), transport.Within(settings.GossipTimeout), cancellationToken);
        var alive = told.Members.Where(member => member.IsAlive && member.HttpEndPoint is not null).ToList();
        lock (gate)
        {
            // Those of before may be gone for good, and their places say nothing at all: that takes a while each.
            if (alive.Count > 0)
            {
                members.Clear();
                members.UnionWith(alive.Select(Address));
            }
        }

        var leading = alive.Find(member => member.State == MemberInfo.Types.VNodeState.Leader);
        return leading is null ? null : Address(leading);
    }

    private static ServerAddress Address(MemberInfo member) => new(member.HttpEndPoint.Address, (int)member.HttpEndPoint.Port);
}
