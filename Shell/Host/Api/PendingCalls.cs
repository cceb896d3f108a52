using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Api;

/// <summary>The callers that wait, by request id. Several may wait for one.</summary>
internal sealed class PendingCalls
{
    /// <summary>JSON-RPC's "invalid params": of replies, the only one that concerns its own asker and nobody else.</summary>
    private const int Invalid = -32602;

    private readonly Lock gate = new();
    private readonly Dictionary<string, List<PendingCall>> byRequest = new(StringComparer.Ordinal);
    private TenantStoppedException? closed;

    internal int Count
    {
        get
        {
            lock (gate)
            {
                return byRequest.Values.Sum(calls => calls.Count);
            }
        }
    }

    internal void Add(PendingCall call)
    {
        lock (gate)
        {
            if (closed is null)
            {
                if (!byRequest.TryGetValue(call.RequestId, out var calls))
                {
                    byRequest[call.RequestId] = calls = [];
                }

                calls.Add(call);
                return;
            }
        }

        call.Fail(closed);
    }

    /// <summary>The caller waits no longer. The work goes on.</summary>
    internal void Remove(PendingCall call)
    {
        lock (gate)
        {
            if (byRequest.TryGetValue(call.RequestId, out var calls) && calls.Remove(call) && calls.Count == 0)
            {
                byRequest.Remove(call.RequestId);
            }
        }
    }

    /// <summary>A step's replies. <paramref name="own"/>: the call that the step was for, if it was for one.</summary>
    internal void Answer(PendingCall? own, IReadOnlyList<CoreReply> replies)
    {
        lock (gate)
        {
            if (own is not null)
            {
                own.IsStepped = true;
            }

            foreach (var reply in replies)
            {
                Answer(own, reply);
            }
        }
    }

    /// <summary>Answers everybody, now and later, that the tenant stopped.</summary>
    internal void Close(TenantStoppedException reason)
    {
        lock (gate)
        {
            closed ??= reason;
            foreach (var call in byRequest.Values.SelectMany(calls => calls))
            {
                call.Fail(reason);
            }

            byRequest.Clear();
        }
    }

    private void Answer(PendingCall? own, CoreReply reply)
    {
        var answer = reply.Problem is { } problem
            ? new NodeAnswer(default, Problems.From(problem))
            : new NodeAnswer(reply.Result, null);

        // A request id used twice with different contents is its second user's mistake; the first goes on waiting.
        if (own is not null && own.RequestId == reply.RequestId && reply.Problem?.Code == Invalid)
        {
            own.Answer(answer);
            return;
        }

        // Who is not stepped yet will be answered by a step of its own, which compares the contents first.
        if (byRequest.TryGetValue(reply.RequestId, out var calls))
        {
            foreach (var call in calls.Where(call => call.IsStepped))
            {
                call.Answer(answer);
            }
        }
    }
}
