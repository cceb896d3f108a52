using System.Diagnostics;
using Nitro.JsonRpc;

namespace Nitro.Cli.Demo;

/// <summary>
/// Makes the planned payments with a number of them in flight, and lets things go wrong meanwhile. A payer's node that is killed leaves
/// requests without an answer: each is asked again under its old id.
/// </summary>
internal sealed class PaymentRun(PaymentPlan plan, Party payer, string channel, IReadOnlyList<Incident> incidents)
{
    private const int InFlight = 16;
    private readonly string?[] _answers = new string?[plan.Count];
    private readonly List<int> _unanswered = [];
    private readonly TaskCompletionSource[] _begun = [.. incidents.Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
    private readonly TaskCompletionSource[] _over = [.. incidents.Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
    private readonly Stopwatch _sinceKill = new();
    private readonly Stopwatch _begin = new();
    private readonly TaskCompletionSource _restarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next = -1;
    private int _answered;

    /// <summary>The first answer of each payment.</summary>
    public IReadOnlyList<string?> Answers => _answers;

    /// <summary>How many are answered.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>How many had no answer when the node died.</summary>
    public int LeftWithoutAnswer { get; private set; }

    /// <summary>Of those, how many were on disk all the same.</summary>
    public int DurableAllTheSame { get; private set; }

    /// <summary>From SIGKILL to the first payment answered by the new process.</summary>
    public TimeSpan Outage { get; private set; }

    /// <summary>The time until the first incident, in which nothing went wrong, and the payments in it.</summary>
    public (TimeSpan Time, int Payments) Undisturbed { get; private set; }

    /// <summary>Pays everything; <paramref name="view"/> is told how many are answered and what goes wrong.</summary>
    public async Task RunAsync(IStepView view, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _begin.Start();
        List<Task> work =
        [
            .. incidents.Select((incident, index) => HappenAsync(incident, index, view, stop.Token)),
            .. Enumerable.Range(0, Math.Min(InFlight, plan.Count)).Select(_ => WorkAsync(view, stop.Token)),
        ];
        try
        {
            // The first failure ends the rest: a worker may be waiting for a restart that will not come.
            await foreach (var done in Task.WhenEach(work).WithCancellation(cancellationToken))
            {
                await done;
            }
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    /// <summary>For an incident: SIGKILL to the payer's node and its restart, and what its journal knows of the payments that nobody was told about.</summary>
    public async Task KillPayerAsync(Func<CancellationToken, Task> killAndRestart, CancellationToken cancellationToken)
    {
        _sinceKill.Start();
        await killAndRestart(cancellationToken);
        await LookUpAsync(cancellationToken);
        _restarted.SetResult();
    }

    private async Task HappenAsync(Incident incident, int index, IStepView view, CancellationToken cancellationToken)
    {
        await _begun[index].Task.WaitAsync(cancellationToken);
        view.Waiting(incident.What);
        await incident.HappenAsync(cancellationToken);
        _over[index].SetResult();
    }

    private async Task WorkAsync(IStepView view, CancellationToken cancellationToken)
    {
        while (Interlocked.Increment(ref _next) is var payment && payment < plan.Count)
        {
            for (var i = 0; i < incidents.Count; i++)
            {
                if (payment >= incidents[i].Until)
                {
                    await _over[i].Task.WaitAsync(cancellationToken);
                }
            }

            _answers[payment] = await PayUntilAnsweredAsync(payment, cancellationToken);
            Answer(view);
        }
    }

    private void Answer(IStepView view)
    {
        var answered = Interlocked.Increment(ref _answered);
        view.Progress(answered, plan.Count);
        for (var i = 0; i < incidents.Count; i++)
        {
            if (answered >= incidents[i].From && _begun[i].TrySetResult() && i == 0)
            {
                Undisturbed = (_begin.Elapsed, answered);
            }
        }
    }

    private async Task<string> PayUntilAnsweredAsync(int index, CancellationToken cancellationToken)
    {
        try
        {
            return await plan.PayAsync(payer, channel, index, cancellationToken);
        }
        catch (RpcUnreachable) when (!_restarted.Task.IsCompleted)
        {
            lock (_unanswered)
            {
                _unanswered.Add(index);
            }
        }

        await _restarted.Task.WaitAsync(cancellationToken);
        var answer = await plan.PayAsync(payer, channel, index, cancellationToken);
        if (Outage == TimeSpan.Zero)
        {
            Outage = _sinceKill.Elapsed;
        }

        return answer;
    }

    /// <summary>What the journal knows of the payments that nobody was told about.</summary>
    private async Task LookUpAsync(CancellationToken cancellationToken)
    {
        int[] unanswered;
        lock (_unanswered)
        {
            unanswered = [.. _unanswered];
        }

        LeftWithoutAnswer = unanswered.Length;
        foreach (var index in unanswered)
        {
            try
            {
                await payer.CallAsync("get_payment", json => json.WriteString("requestId", plan.RequestId(index)), null, cancellationToken);
                DurableAllTheSame++;
            }
            catch (RpcError)
            {
                // Not known: it never reached the disk, and is paid for the first time when it is asked again.
            }
        }
    }
}
