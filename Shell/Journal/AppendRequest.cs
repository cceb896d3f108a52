using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>An append that waits for the writer. It is either taken by the writer or cancelled by its caller, never both.</summary>
internal sealed class AppendRequest(long expected, JournalEntry[] entries, long bytes, bool opensEpoch)
{
    private const int Waiting = 0, Taken = 1, Cancelled = 2;

    // Not on the writer's thread: what a caller does next must not hold up the next commit.
    private readonly TaskCompletionSource<AppendResult> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int phase = Waiting;

    internal long Expected => expected;

    internal JournalEntry[] Entries => entries;

    internal long Bytes => bytes;

    /// <summary>The epoch in force begins with these records once they are written.</summary>
    internal bool OpensEpoch => opensEpoch;

    internal Task<AppendResult> Answer => answer.Task;

    /// <summary>The writer's claim. From here on the outcome is awaited, whatever the caller's token says.</summary>
    internal bool TryTake() => Interlocked.CompareExchange(ref phase, Taken, Waiting) == Waiting;

    /// <summary>The caller's claim: the writer will never look at this request.</summary>
    internal void TryCancel(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref phase, Cancelled, Waiting) == Waiting)
        {
            answer.TrySetCanceled(cancellationToken);
        }
    }

    internal void Complete(AppendOutcome outcome, long next) => answer.TrySetResult(new AppendResult(outcome, next));

    internal void Fail(Exception cause) => answer.TrySetException(cause);
}
