using System.Globalization;
using System.Numerics;
using Nitro.Ethereum.Transactions;
using Nitro.Ports;

namespace Nitro.Ethereum.Store;

/// <summary>Calls and their signed transactions on disk. Every method returns when the change is durable.</summary>
internal sealed class CallStore(ChainStore store)
{
    public List<PendingCall> Load()
    {
        var steps = store.Rows(
            "SELECT effect, target, value, data FROM steps ORDER BY effect, step",
            row => (Effect: row.GetInt64(0), Step: new ChainStep((byte[])row.GetValue(1), (byte[])row.GetValue(2), (byte[])row.GetValue(3))))
            .ToLookup(row => row.Effect, row => row.Step);
        var evidence = store.Rows(
            "SELECT effect, item FROM evidence ORDER BY effect, place",
            row => (Effect: row.GetInt64(0), Item: new ReadOnlyMemory<byte>((byte[])row.GetValue(1))))
            .ToLookup(row => row.Effect, row => row.Item);
        var contexts = store.Rows(
            "SELECT effect, method, payload, envelope, signature, device, time FROM contexts ORDER BY effect, place",
            row => (Effect: row.GetInt64(0), Context: new CallContext(
                row.GetString(1),
                (byte[])row.GetValue(2),
                new CallSignature((byte[])row.GetValue(3), (byte[])row.GetValue(4)),
                (byte[])row.GetValue(5),
                row.GetInt64(6))))
            .ToLookup(row => row.Effect, row => row.Context);
        var attempts = store.Rows(
            "SELECT effect, id, step, nonce, tip, fee, gas, hash, raw, height, lost FROM attempts ORDER BY id",
            row => (Effect: row.GetInt64(0), Attempt: new Attempt
            {
                Id = row.GetInt64(1),
                Step = row.GetInt32(2),
                Nonce = (ulong)row.GetInt64(3),
                Tip = BigInteger.Parse(row.GetString(4), CultureInfo.InvariantCulture),
                Fee = BigInteger.Parse(row.GetString(5), CultureInfo.InvariantCulture),
                Gas = (ulong)row.GetInt64(6),
                Hash = (byte[])row.GetValue(7),
                Raw = (byte[])row.GetValue(8),
                Height = row.GetInt64(9),
                Lost = row.GetInt64(10) != 0,
            }))
            .ToLookup(row => row.Effect, row => row.Attempt);
        return store.Rows(
            "SELECT effect, description, status, forgotten, reason, mined FROM calls ORDER BY effect",
            row =>
            {
                var effect = row.GetInt64(0);
                var stored = new ChainCall(effect, row.GetString(1), [.. steps[effect]]) { Evidence = [.. evidence[effect]], Contexts = [.. contexts[effect]] };
                var call = new PendingCall(stored)
                {
                    Status = (CallStatus)row.GetInt32(2),
                    Forgotten = row.GetInt64(3) != 0,
                    Reason = row.GetString(4),
                    RefusedWhenMined = row.GetInt64(5) != 0,
                };
                call.Attempts.AddRange(attempts[effect]);
                return call;
            });
    }

    public void Add(ChainCall call) => store.Atomically(() =>
    {
        store.Execute(
            "INSERT INTO calls (effect, description, status, forgotten, reason, mined) VALUES ($effect, $description, 0, 0, '', 0)",
            ("$effect", call.EffectId),
            ("$description", call.Description));
        for (var step = 0; step < call.Steps.Count; step++)
        {
            store.Execute(
                "INSERT INTO steps (effect, step, target, value, data) VALUES ($effect, $step, $target, $value, $data)",
                ("$effect", call.EffectId),
                ("$step", step),
                ("$target", call.Steps[step].To.ToArray()),
                ("$value", call.Steps[step].Value.ToArray()),
                ("$data", call.Steps[step].Data.ToArray()));
        }

        AddEvidence(call);
        AddContexts(call);
        store.NoteCall();
    });

    /// <summary>What a call of before a restart brings now in place of what it brought then; what caused it stays as it was.</summary>
    public void Renew(ChainCall call) => store.Atomically(() =>
    {
        store.Execute("DELETE FROM evidence WHERE effect = $effect", ("$effect", call.EffectId));
        AddEvidence(call);
    });

    /// <summary>Stores a signed transaction. Only what this has returned for may be broadcast.</summary>
    public Attempt AddAttempt(PendingCall call, int step, UnsignedTransaction signed, ReadOnlyMemory<byte> raw, long height)
    {
        var hash = Eip1559.Hash(raw.Span);
        var id = store.Rows(
            """
            INSERT INTO attempts (effect, step, nonce, tip, fee, gas, hash, raw, height, lost)
            VALUES ($effect, $step, $nonce, $tip, $fee, $gas, $hash, $raw, $height, 0) RETURNING id
            """,
            row => row.GetInt64(0),
            ("$effect", call.Call.EffectId),
            ("$step", step),
            ("$nonce", (long)signed.Nonce),
            ("$tip", signed.MaxPriorityFeePerGas.ToString(CultureInfo.InvariantCulture)),
            ("$fee", signed.MaxFeePerGas.ToString(CultureInfo.InvariantCulture)),
            ("$gas", (long)signed.GasLimit),
            ("$hash", hash),
            ("$raw", raw.ToArray()),
            ("$height", height))[0];
        var attempt = new Attempt
        {
            Id = id,
            Step = step,
            Nonce = signed.Nonce,
            Tip = signed.MaxPriorityFeePerGas,
            Fee = signed.MaxFeePerGas,
            Gas = signed.GasLimit,
            Hash = hash,
            Raw = raw.ToArray(),
            Height = height,
        };
        call.Attempts.Add(attempt);
        return attempt;
    }

    public void MarkLost(Attempt attempt)
    {
        store.Execute("UPDATE attempts SET lost = 1 WHERE id = $id", ("$id", attempt.Id));
        attempt.Lost = true;
    }

    /// <summary>Stores status, reason and whether the call is forgotten.</summary>
    public void Save(PendingCall call) => store.Execute(
        "UPDATE calls SET status = $status, forgotten = $forgotten, reason = $reason, mined = $mined WHERE effect = $effect",
        ("$status", (int)call.Status),
        ("$forgotten", call.Forgotten ? 1 : 0),
        ("$reason", call.Reason),
        ("$mined", call.RefusedWhenMined ? 1 : 0),
        ("$effect", call.Call.EffectId));

    /// <summary>Gives a call another name, forgotten, so that its own is free.</summary>
    public void SetAside(PendingCall call, PendingCall aside) => store.Atomically(() =>
    {
        var names = new (string, object)[] { ("$aside", aside.Call.EffectId), ("$effect", call.Call.EffectId) };
        store.Execute(
            """
            INSERT INTO calls (effect, description, status, forgotten, reason, mined)
            SELECT $aside, description, status, 1, reason, mined FROM calls WHERE effect = $effect
            """,
            names);
        store.Execute("UPDATE steps SET effect = $aside WHERE effect = $effect", names);
        store.Execute("UPDATE evidence SET effect = $aside WHERE effect = $effect", names);
        store.Execute("UPDATE contexts SET effect = $aside WHERE effect = $effect", names);
        store.Execute("UPDATE attempts SET effect = $aside WHERE effect = $effect", names);
        store.Execute("DELETE FROM calls WHERE effect = $effect", ("$effect", call.Call.EffectId));
    });

    public void Remove(PendingCall call) => store.Execute("DELETE FROM calls WHERE effect = $effect", ("$effect", call.Call.EffectId));

    private void AddContexts(ChainCall call)
    {
        for (var place = 0; place < call.Contexts.Count; place++)
        {
            var context = call.Contexts[place];
            store.Execute(
                """
                INSERT INTO contexts (effect, place, method, payload, envelope, signature, device, time)
                VALUES ($effect, $place, $method, $payload, $envelope, $signature, $device, $time)
                """,
                ("$effect", call.EffectId),
                ("$place", place),
                ("$method", context.Method),
                ("$payload", context.Payload.ToArray()),
                ("$envelope", context.Signed.Envelope.ToArray()),
                ("$signature", context.Signed.Signature.ToArray()),
                ("$device", context.PublicKey.ToArray()),
                ("$time", context.Time));
        }
    }

    private void AddEvidence(ChainCall call)
    {
        for (var place = 0; place < call.Evidence.Count; place++)
        {
            store.Execute(
                "INSERT INTO evidence (effect, place, item) VALUES ($effect, $place, $item)",
                ("$effect", call.EffectId),
                ("$place", place),
                ("$item", call.Evidence[place].ToArray()));
        }
    }
}
