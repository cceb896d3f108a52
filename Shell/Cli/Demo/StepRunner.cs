using System.Diagnostics;
using System.Globalization;

namespace Nitro.Cli.Demo;

/// <summary>Runs steps one after the other: each with a deadline, each ended at once when a process dies that should not, each timed.</summary>
internal sealed class StepRunner(IDemoView view, Report report, Func<IReadOnlyList<ChildProcess>> processes)
{
    /// <summary>Runs a step; <paramref name="work"/> returns its outcome in a few words.</summary>
    /// <exception cref="CliError">It failed, did not end in time, or a process died.</exception>
    public async Task RunAsync(string title, int deadlineSeconds, Func<IStepView, CancellationToken, Task<string>> work, CancellationToken cancellationToken)
    {
        var shown = new LastWaiting(view.Begin(title));
        var began = Stopwatch.StartNew();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(deadlineSeconds));
        using var either = CancellationTokenSource.CreateLinkedTokenSource([cancellationToken, deadline.Token, .. processes().Select(process => process.Gone)]);
        try
        {
            var outcome = await work(shown, either.Token);
            shown.End(true, began.Elapsed, outcome);
            report.Step(title, began.Elapsed);
        }
        catch (Exception problem)
        {
            shown.End(false, began.Elapsed, string.Empty);
            if (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }

            throw new CliError($"{title}: {Cause(problem, deadline.IsCancellationRequested, deadlineSeconds, shown.Last)}", problem);
        }
    }

    private string Cause(Exception problem, bool late, int deadlineSeconds, string last)
    {
        if (processes().FirstOrDefault(process => process.Gone.IsCancellationRequested) is { } dead)
        {
            return dead.Ending;
        }

        return late && problem is OperationCanceledException
            ? string.Create(CultureInfo.InvariantCulture, $"not done within {deadlineSeconds} s{(last.Length > 0 ? "; last seen: " + last : string.Empty)}")
            : problem.Message;
    }

    /// <summary>Remembers what was waited for, for the failure's message.</summary>
    private sealed class LastWaiting(IStepView inner) : IStepView
    {
        private volatile string _last = string.Empty;

        public string Last => _last;

        public void Waiting(string what)
        {
            _last = what;
            inner.Waiting(what);
        }

        public void Progress(int done, int total) => inner.Progress(done, total);

        public void End(bool succeeded, TimeSpan time, string outcome) => inner.End(succeeded, time, outcome);
    }
}
