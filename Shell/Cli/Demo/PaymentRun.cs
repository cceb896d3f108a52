using System.Diagnostics;
using Nitro.JsonRpc;

namespace Nitro.Cli.Demo;

/// <summary>
/// Makes the planned payments with a number of them in flight. Halfway the host is killed; every request without an answer is then
/// asked again under its old id.
/// </summary>
internal sealed class PaymentRun(
    PaymentPlan plan, Party payer, string channel, Func<CancellationToken, Task> beforeKill, Func<CancellationToken, Task> killAndRestart)
{
    private const int InFlight = 16;
    private readonly string?[] _answers = new string?[plan.Count];
    private readonly List<int> _unanswered = [];
    private readonly TaskCompletionSource _halfway = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _restarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answeredAgain = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stopwatch _sinceKill = new();
    private int _next = -1;
    private int _answered;

    /// <summary>The first answer of each payment.</summary>
    public IReadOnlyList<string?> Answers => _answers;

    /// <summary>How many had no answer when the host died.</summary>
    public int LeftWithoutAnswer { get; private set; }

    /// <summary>Of those, how many were on disk all the same.</summary>
    public int DurableAllTheSame { get; private set; }

    /// <summary>From SIGKILL to the first payment answered by the new process.</summary>
    public TimeSpan Outage { get; private set; }

    /// <summary>The time of all payments, less the outage.</summary>
    public TimeSpan Paying { get; private set; }

    /// <summary>Pays everything; <paramref name="progress"/> is told how many are answered.</summary>
    public async Task RunAsync(Action<int> progress, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var began = Stopwatch.StartNew();
        List<Task> work = [KillAsync(stop.Token), .. Enumerable.Range(0, Math.Min(InFlight, plan.Count)).Select(_ => WorkAsync(progress, stop.Token))];
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

        Paying = began.Elapsed - Outage;
    }

    private async Task WorkAsync(Action<int> progress, CancellationToken cancellationToken)
    {
        while (Interlocked.Increment(ref _next) is var index && index < plan.Count)
        {
            _answers[index] = await PayUntilAnsweredAsync(index, cancellationToken);
            var answered = Interlocked.Increment(ref _answered);
            progress(answered);
            if (answered >= (plan.Count + 1) / 2)
            {
                _halfway.TrySetResult();
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
        if (_answeredAgain.TrySetResult())
        {
            Outage = _sinceKill.Elapsed;
        }

        return answer;
    }

    private async Task KillAsync(CancellationToken cancellationToken)
    {
        await _halfway.Task.WaitAsync(cancellationToken);
        await beforeKill(cancellationToken);
        _sinceKill.Start();
        await killAndRestart(cancellationToken);
        await LookUpAsync(cancellationToken);
        _restarted.SetResult();
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
