using Nitro.Ports;

namespace Nitro.Ethereum.Transactions;

/// <summary>A call taken over, with its attempts.</summary>
internal sealed class PendingCall(ChainCall call)
{
    public ChainCall Call { get; private set; } = call;

    public List<Attempt> Attempts { get; } = [];

    public CallStatus Status { get; set; }

    /// <summary>Nobody wants to hear of it any more; what is broadcast is watched until its nonce is spent.</summary>
    public bool Forgotten { get; set; }

    public string Reason { get; set; } = string.Empty;

    public bool RefusedWhenMined { get; set; }

    /// <summary>Leading steps that succeeded at final depth.</summary>
    public int FinalSteps { get; set; }

    /// <summary>Leading steps whose transaction has a receipt at present, good or bad.</summary>
    public int MinedSteps { get; set; }

    /// <summary>When a step whose simulation failed for a passing cause is tried again (a Stopwatch timestamp), and how often it failed.</summary>
    public (long At, int Failures) Retry { get; set; }

    /// <summary>The step that needs a new transaction, or null.</summary>
    public int? Wanting { get; set; }

    /// <summary>The attempt whose fee should rise, or null.</summary>
    public Attempt? Bump { get; set; }

    /// <summary>The latest attempt for a step whose nonce is not known to be spent.</summary>
    public Attempt? Live(int step) => Attempts.FindLast(attempt => attempt.Step == step && !attempt.Lost);

    /// <summary>Whether this is the call that was taken over, step by step.</summary>
    public bool IsSame(ChainCall other) =>
        Call.Steps.Count == other.Steps.Count
        && Call.Steps.Zip(other.Steps).All(pair =>
            pair.First.To.Span.SequenceEqual(pair.Second.To.Span)
            && pair.First.Value.Span.SequenceEqual(pair.Second.Value.Span)
            && pair.First.Data.Span.SequenceEqual(pair.Second.Data.Span));

    /// <summary>Takes newer evidence; false where it has it.</summary>
    public bool Renew(IReadOnlyList<ReadOnlyMemory<byte>> evidence)
    {
        if (Call.Evidence.Count == evidence.Count && Call.Evidence.Zip(evidence).All(pair => pair.First.Span.SequenceEqual(pair.Second.Span)))
        {
            return false;
        }

        Call = Call with { Evidence = evidence };
        return true;
    }

    /// <summary>The same call and attempts under another name, wanted by nobody.</summary>
    public PendingCall Aside(long name)
    {
        var aside = new PendingCall(Call with { EffectId = name })
        {
            Status = Status,
            Forgotten = true,
            Reason = Reason,
            RefusedWhenMined = RefusedWhenMined,
        };
        aside.Attempts.AddRange(Attempts);
        return aside;
    }
}
