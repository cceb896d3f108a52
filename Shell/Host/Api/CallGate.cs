using Microsoft.Data.Sqlite;
using Nitro.Ports;
using Nitro.Signing.Calls;
using Nitro.Storage;

namespace Nitro.Host.Api;

/// <summary>
/// Lets signed calls in, and finds them again for every signature that they cause. A nonce is good once, also across restarts; what the calls
/// of the last day cause is shown with them. Safe on any thread.
/// </summary>
internal sealed class CallGate : IDisposable
{
    private const int Unauthenticated = -32012;

    /// <summary>Well below what a message may have. A voucher that covers more payments than fit is asked for with the first of them.</summary>
    private const int MostShownBytes = 1024 * 1024;

    private const int CallOverheadBytes = 512;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    private readonly CallLedger ledger;
    private readonly CallCheck check;
    private readonly bool isRequired;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<CallContext>> byCause = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CallContext> unbound = new(StringComparer.Ordinal);
    private readonly Queue<(string Cause, CallContext Call)> inOrder = new();

    /// <param name="node">The channel address, 20 bytes.</param>
    /// <param name="devices">Who may sign.</param>
    /// <param name="ledger">What was seen; the gate disposes of it.</param>
    /// <param name="isRequired">Unsigned calls that need the permission <c>sign</c> are refused.</param>
    /// <param name="time">The clock.</param>
    public CallGate(ReadOnlyMemory<byte> node, DeviceList devices, CallLedger ledger, bool isRequired, TimeProvider time)
    {
        (this.ledger, this.isRequired, this.time) = (ledger, isRequired, time);
        check = new CallCheck(node, devices, ledger, time);
    }

    /// <summary>After a restart: the calls that the node's journal knows are found again.</summary>
    public void Resume(NodeHandle node)
    {
        lock (gate)
        {
            foreach (var (requestId, call) in ledger.Load(time.GetUtcNow() - Kept))
            {
                Keep(requestId, call);
            }

            Bind(node);
            foreach (var requestId in unbound.Keys)
            {
                byCause.Remove(requestId);
            }

            unbound.Clear();
        }
    }

    /// <summary>Why the call is not carried out; null: it may be. <paramref name="requestId"/>: under which it will be, empty for a question.</summary>
    public NodeProblem? Refuse(string method, ReadOnlyMemory<byte> payload, string requestId, string? permission, CallSignature? signature)
    {
        if (signature is null)
        {
            return isRequired && permission == "sign" ? Problem("signature-required", "this node takes such calls only signed by a device", "enrol a device, and sign the call (nitro rpc --sign-with)") : null;
        }

        try
        {
            var refusal = check.Judge(signature, method, payload, requestId, out var call, out var isNew);
            if (refusal is null && isNew && requestId.Length > 0)
            {
                lock (gate)
                {
                    Keep(requestId, call!);
                }
            }

            return refusal is not null ? Problem(refusal.Tag, refusal.Message, refusal.Next)
                : isNew ? null
                : Problem("call-replayed", "this signed call was sent before, and counts once", "sign anew; with the same requestId it is still carried out once");
        }
        catch (Exception e) when (e is SqliteException or StorageException)
        {
            return Problem("calls-not-kept", $"signed calls cannot be judged now: {e.Message}", "mend what the message names, at the node; then sign anew");
        }
    }

    /// <summary>The node has answered: a call that it did not take up is forgotten.</summary>
    public void Answered(NodeHandle node, string requestId)
    {
        lock (gate)
        {
            if (unbound.ContainsKey(requestId))
            {
                Bind(node);
                if (unbound.Remove(requestId))
                {
                    byCause.Remove(requestId);
                }
            }
        }
    }

    /// <summary>The calls that caused a signing effect or a chain call.</summary>
    public IReadOnlyList<CallContext> Of(NodeHandle node, long effectId)
    {
        lock (gate)
        {
            if (byCause.Count == 0)
            {
                return [];
            }

            Bind(node);
            var room = MostShownBytes;
            return
            [
                .. NodeCauses.Of(node, effectId)
                    .SelectMany(cause => byCause.GetValueOrDefault(cause) ?? [])
                    .TakeWhile(call => (room -= call.Payload.Length + CallOverheadBytes) > 0),
            ];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ledger.Dispose();

    private static NodeProblem Problem(string tag, string message, string next) => new(Unauthenticated, $"Unauthenticated: {message}", tag, next);

    private void Keep(string requestId, CallContext call)
    {
        var oldest = call.Time - (long)Kept.TotalMilliseconds;
        while (inOrder.TryPeek(out var first) && first.Call.Time < oldest)
        {
            inOrder.Dequeue();
            byCause.Remove(first.Cause);
            unbound.Remove(first.Cause);
        }

        Put(requestId, call);
        unbound[requestId] = call;
    }

    /// <summary>What the node has made an objective of is found under its name from now on; a payment stays under its request.</summary>
    private void Bind(NodeHandle node)
    {
        foreach (var (requestId, call) in unbound.ToList())
        {
            if (NodeCauses.ObjectiveOf(node, requestId) is { } objective)
            {
                unbound.Remove(requestId);
                if (objective.Length > 0)
                {
                    byCause.Remove(requestId);
                    Put(objective, call);
                }
            }
        }
    }

    private void Put(string cause, CallContext call)
    {
        if (!byCause.TryGetValue(cause, out var calls))
        {
            byCause[cause] = calls = [];
        }

        calls.Add(call);
        inOrder.Enqueue((cause, call));
    }
}
