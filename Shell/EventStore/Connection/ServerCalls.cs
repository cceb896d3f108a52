using Nitro.Grpc;
using Nitro.Ports;

namespace Nitro.EventStore.Connection;

/// <summary>
/// Calls to the leader, made again with the same content until one is answered, the time is over, or asking again would change
/// nothing. Only for calls that may be made twice: reads, and appends whose event ids and expected revision stay the same.
/// </summary>
internal sealed class ServerCalls(EventStoreSettings settings, Cluster cluster, TimeSpan retryFor, TimeProvider time, Action<string> complain)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary><paramref name="what"/>: for messages, such as <c>appending to the stream x</c>.</summary>
    /// <exception cref="JournalException">
    /// Unknown: an attempt to write may have succeeded. Permanent: nothing was written, or this was no attempt to write.
    /// </exception>
    internal async Task<T> CallAsync<T>(string what, bool writes, Func<GrpcChannel, Task<T>> call, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var isUnsure = false;
        for (var attempt = 0; ; attempt++)
        {
            ServerAddress? server = null;
            ServerFault fault;
            GrpcException failure;
            try
            {
                (var leader, var channel) = await cluster.LeaderAsync(cancellationToken);
                server = leader;
                var answer = await call(channel);
                if (attempt > 0)
                {
                    complain($"{Capital(what)} was done at attempt {attempt + 1}, by {leader}.");
                }

                return answer;
            }
            catch (GrpcException e)
            {
                failure = e;
                fault = ServerFault.Of(e, settings, server);
            }

            isUnsure |= writes && server is not null && fault.Kind == FaultKind.Passing;
            var isOver = time.GetElapsedTime(began) >= retryFor;
            if (fault.Kind == FaultKind.Final || isOver)
            {
                throw Failed(what, fault, isUnsure, isOver, failure);
            }

            if (server is { } asked)
            {
                cluster.Redirect(asked, fault.Leader);
            }

            if (attempt == 0)
            {
                complain($"{Capital(what)}: {fault.Reason}. Trying again for up to {retryFor.TotalSeconds:0.#} s.");
            }

            if (fault.Leader is null || attempt > 0)
            {
                await Task.Delay(Pause(attempt), time, cancellationToken);
            }
        }
    }

    private static JournalException Failed(string what, ServerFault fault, bool isUnsure, bool isOver, Exception failure)
    {
        var wait = isOver && fault.Kind != FaultKind.Final ? " for too long" : "";
        return isUnsure
            ? new JournalException(
                JournalFailure.Unknown,
                $"{Capital(what)} failed{wait}, and whether it was written is not known: {fault.Reason}. Mend it, then restart the node, which reads the journal again.",
                failure)
            : new JournalException(
                JournalFailure.Permanent, $"{Capital(what)} failed{wait}: {fault.Reason}.{(wait == "" ? "" : " Check that the server is up and reached from here, then start again: nothing is lost.")}", failure);
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>Doubling, up to half more by chance: so that those who failed together do not come back together.</summary>
    private static TimeSpan Pause(int attempt)
    {
        var pause = Math.Min(ShortestPause.TotalMilliseconds * Math.Pow(2, Math.Min(attempt, 10)), LongestPause.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(pause * (1 + (Random.Shared.NextDouble() / 2)));
    }
}
