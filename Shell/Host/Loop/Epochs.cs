using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Nitro.Host.Loop;

/// <summary>
/// Closes a long journal with an epoch, from which the next restart begins. Most of an opening is written beside the node at
/// work; between turns only what changed meanwhile is written anew, all of it is compared with the node, and appended. Used by one loop.
/// </summary>
/// <param name="parts">Says after how many records an epoch is due.</param>
/// <param name="turn">Appends the opening.</param>
/// <param name="drafted">Called when there is something to continue.</param>
internal sealed class Epochs(TenantParts parts, Turn turn, Action drafted)
{
    /// <summary>An opening is worth its writing where it is at most this part of what it takes the place of.</summary>
    private const int Worthwhile = 4;

    private Task<EpochDraft>? drafting;
    private long began;
    private long due = parts.EpochRecords > 0 ? parts.EpochRecords : long.MaxValue;

    private long Records => turn.Node.Position - turn.Node.EpochStart;

    /// <summary>At the start, while nobody waits.</summary>
    /// <exception cref="Nitro.Ports.JournalException">The store cannot say what happened.</exception>
    /// <exception cref="TenantStoppedException">Another writer lives.</exception>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Records > due)
        {
            await Begin().WaitAsync(cancellationToken);
            await ContinueAsync();
        }
    }

    /// <summary>Between turns, when no append is outstanding: begins what is due, and finishes what is ready.</summary>
    /// <exception cref="Nitro.Ports.JournalException">The store cannot say what happened.</exception>
    /// <exception cref="TenantStoppedException">Another writer lives.</exception>
    internal async ValueTask ContinueAsync()
    {
        if (drafting is null && Records > due)
        {
            // The one who waits for it is `drafted`.
            _ = Begin().ContinueWith(_ => drafted(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        else if (drafting is { IsCompleted: true } done)
        {
            drafting = null;
            await OpenAsync(await done);
        }
    }

    private Task<EpochDraft> Begin()
    {
        var node = turn.Node;
        began = Stopwatch.GetTimestamp();
        parts.Logger.LogInformation("{Records} records stand in epoch {Epoch}: restating what lives of them", Records, node.Epoch);
        return drafting = Task.Run(() => NodeEpochs.Draft(node));
    }

    private async Task OpenAsync(EpochDraft draft)
    {
        var (node, records) = (turn.Node, Records);
        if ((long)draft.Count * Worthwhile > records)
        {
            due = Math.Max((long)draft.Count * Worthwhile, records + (parts.EpochRecords / Worthwhile));
            parts.Logger.LogInformation(
                "Epoch {Epoch} goes on until {Due} records: {Count} of its {Records} would have to be restated", node.Epoch, due, draft.Count, records);
            return;
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var stood = Stopwatch.GetTimestamp();
        if (!NodeEpochs.TryOpen(node, draft, out var opening, out var error))
        {
            due = long.MaxValue;
            parts.Logger.LogError(
                "Epoch {Epoch} could not be closed: {Error}. This is a bug of the node: report it with the log. Nothing is lost, but a restart "
                + "reads the whole epoch. It is tried again at the next start.",
                node.Epoch,
                error);
            return;
        }

        parts.Logger.LogInformation("{Count} records restate what lives, made in {Seconds:0.0} s: writing them", opening!.Records.Count, seconds);
        await turn.OpenEpochAsync(opening);
        due = parts.EpochRecords;
        parts.Logger.LogInformation(
            "Epoch {Epoch} opened at position {Position}: {Count} records in place of {Records}; the node stood still for {Stood:0.000} s",
            opening.Node.Epoch,
            opening.Node.EpochStart,
            opening.Records.Count,
            records,
            Stopwatch.GetElapsedTime(stood).TotalSeconds);
    }
}
