using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Nitro.Host.Loop;

/// <summary>Folds a journal into the state it stands for, from the start of its epoch.</summary>
internal static class Replay
{
    private static readonly TimeSpan Report = TimeSpan.FromSeconds(2);

    /// <summary>The state, and the time of the last record (microseconds since 1970; 0 without records).</summary>
    /// <exception cref="TenantStoppedException">A record cannot be read, the journal has a gap, or its epoch does not begin where it says.</exception>
    /// <exception cref="Nitro.Ports.JournalException">A record is damaged.</exception>
    internal static async Task<(NodeHandle Node, long LastMicros)> RunAsync(TenantParts parts, CancellationToken cancellationToken)
    {
        var from = parts.Journal.EpochStart;
        var node = NodeEpochs.CreateAt(parts.Settings, from);
        var total = parts.Journal.Next;
        var last = 0L;
        var start = Stopwatch.GetTimestamp();
        var reported = start;
        await foreach (var record in parts.Journal.ReadAsync(from, cancellationToken))
        {
            if (record.Position != node.Position)
            {
                throw new TenantStoppedException(
                    $"The journal of tenant {parts.Name} has record {record.Position} where {node.Position} was due. Restore a backup of its folder.");
            }

            if (!NitroCore.TryReplay(node, record.AtMicros, record.Type, record.Version, record.Body, out var next, out var error))
            {
                throw new TenantStoppedException(
                    $"Record {record.Position} ({record.Type} version {record.Version}) of tenant {parts.Name} cannot be read: {error} "
                    + "If a newer version of the node wrote it, run that version; else restore a backup.");
            }

            if (record.Position == from && from > 0 && next!.EpochStart != from)
            {
                throw new TenantStoppedException(
                    $"The journal of tenant {parts.Name} says that its epoch begins at {from}, but record {from} is {record.Type}, which opens none. "
                    + "Restore a backup of its folder.");
            }

            node = next!;
            last = Math.Max(last, record.AtMicros);
            if (Stopwatch.GetElapsedTime(reported) >= Report)
            {
                reported = Stopwatch.GetTimestamp();
                parts.Logger.LogInformation("Reading the journal: {Position} of {Total} records", node.Position, total);
            }
        }

        if (node.Position < node.EpochRestated)
        {
            throw new TenantStoppedException(
                $"The journal of tenant {parts.Name} ends at {node.Position}, before the opening of its epoch {node.Epoch} is complete, which takes "
                + $"records {node.EpochStart} to {node.EpochRestated - 1}. Restore a backup of its folder.");
        }

        if (node.Position != total)
        {
            throw new TenantStoppedException(
                $"The journal of tenant {parts.Name} ends at {node.Position}, but {total} records were there when it was opened. Restore a backup of its folder.");
        }

        parts.Logger.LogInformation(
            "Journal read: {Records} records of epoch {Epoch} in {Seconds:0.0} s; {Open} open objectives, {Unfinished} unfinished effects",
            total - from,
            node.Epoch,
            Stopwatch.GetElapsedTime(start).TotalSeconds,
            node.OpenObjectives,
            node.UnfinishedCount);
        return (node, last);
    }
}
