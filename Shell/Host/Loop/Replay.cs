using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Host.Loop;

/// <summary>Folds a journal into the state it stands for: from its newest snapshot where that fits, else from the start of its epoch.</summary>
internal static class Replay
{
    private static readonly TimeSpan Report = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(2);

    /// <summary>The state, the time of the last record (microseconds since 1970; 0 without records), and the position of the snapshot it began with, or of the epoch.</summary>
    /// <exception cref="TenantStoppedException">A record cannot be read, the journal has a gap or lost its end, or its epoch does not begin where it says.</exception>
    /// <exception cref="JournalException">A record is damaged.</exception>
    internal static async Task<(NodeHandle Node, long LastMicros, long From)> RunAsync(TenantParts parts, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        if (parts.WitnessPath is { } path && WitnessFile.TryRead(path, parts.Settings.Address) is { } seen)
        {
            await Witness.RequireAsync(parts, path, seen.Position, Convert.FromHexString(seen.Digest), cancellationToken);
        }

        var (replay, last) = await SnapshotAsync(parts, cancellationToken) is { } kept
            ? kept
            : (NitroCore.Replay(parts.Settings, parts.Journal.EpochStart), 0L);
        var from = replay.Position;
        var lastMicros = await FoldAsync(parts, replay, last, cancellationToken);
        var node = replay.Finish();
        if (node.Position < node.EpochRestated)
        {
            throw new TenantStoppedException(
                $"The journal of tenant {parts.Name} ends at {node.Position}, before the opening of its epoch {node.Epoch} is complete, which takes "
                + $"records {node.EpochStart} to {node.EpochRestated - 1}. Restore a backup of its folder.");
        }

        if (node.Position != parts.Journal.Next)
        {
            throw new TenantStoppedException(
                $"The journal of tenant {parts.Name} ends at {node.Position}, but {parts.Journal.Next} records were there when it was opened. Restore a backup of its folder.");
        }

        if (DateTimeOffset.UnixEpoch.AddMicroseconds(lastMicros) - parts.Time.GetUtcNow() is var ahead && ahead > ClockTolerance)
        {
            parts.Logger.LogWarning(
                "The newest record of tenant {Tenant} is {Ahead:0} minutes ahead of this machine's clock: one of the two was wrong. The node's time goes at half speed until the clock has come up",
                parts.Name,
                ahead.TotalMinutes);
        }

        parts.Logger.LogInformation(
            "Journal read: {Records} records of epoch {Epoch} in {Seconds:0.0} s; {Open} open objectives, {Unfinished} unfinished effects",
            node.Position - from,
            node.Epoch,
            Stopwatch.GetElapsedTime(start).TotalSeconds,
            node.OpenObjectives,
            node.UnfinishedCount);
        return (node, lastMicros, from);
    }

    private static async Task<long> FoldAsync(TenantParts parts, NodeReplay node, long last, CancellationToken cancellationToken)
    {
        var reported = Stopwatch.GetTimestamp();
        await foreach (var (record, fact, error) in DecodeAhead.RunAsync(parts.Journal.ReadAsync(node.Position, cancellationToken), cancellationToken))
        {
            if (record.Position != node.Position)
            {
                throw new TenantStoppedException(
                    $"The journal of tenant {parts.Name} has record {record.Position} where {node.Position} was due. Restore a backup of its folder.");
            }

            if (fact is null)
            {
                throw new TenantStoppedException(
                    $"Record {record.Position} ({record.Type} version {record.Version}) of tenant {parts.Name} cannot be read: {error} "
                    + "If a newer version of the node wrote it, run that version; else restore a backup.");
            }

            node.Fold(record.AtMicros, fact);
            last = Math.Max(last, record.AtMicros);
            if (record.Position == parts.Journal.EpochStart && record.Position > 0 && node.EpochStart != record.Position)
            {
                throw new TenantStoppedException(
                    $"The journal of tenant {parts.Name} says that its epoch begins at {record.Position}, but record {record.Position} is {record.Type}, which opens none. "
                    + "Restore a backup of its folder.");
            }

            if (Stopwatch.GetElapsedTime(reported) >= Report)
            {
                reported = Stopwatch.GetTimestamp();
                parts.Logger.LogInformation("Reading the journal: {Position} of {Total} records", node.Position, parts.Journal.Next);
            }
        }

        return last;
    }

    /// <summary>What the snapshot gives, where it is of this journal as it stands.</summary>
    private static async Task<(NodeReplay Node, long LastMicros)?> SnapshotAsync(TenantParts parts, CancellationToken cancellationToken)
    {
        if (parts.SnapshotPath is not { } path || parts.Journal.Next == 0)
        {
            return null;
        }

        var snapshot = SnapshotFile.TryRead(path, parts.Settings.Address, out var reason);
        if (snapshot is not null)
        {
            await Witness.RequireAsync(parts, path, snapshot.Position, snapshot.LastDigest, cancellationToken);
        }

        if (snapshot is null || snapshot.EpochStart != parts.Journal.EpochStart || snapshot.Position < snapshot.EpochRestated)
        {
            parts.Logger.LogInformation(
                "The snapshot {Path} is not used: {Reason}. Reading the journal from {Start}",
                path,
                snapshot is null ? reason : $"it was made at position {snapshot.Position} of an older epoch",
                parts.Journal.EpochStart);
            return null;
        }

        var (node, wrong) = snapshot.Restore(parts.Settings, cancellationToken);
        if (node is null)
        {
            parts.Logger.LogWarning("The snapshot {Path} is not used: it cannot be read ({Error})", path, wrong);
            return null;
        }

        parts.Logger.LogInformation("Snapshot read: it stands for the {Position} records before", snapshot.Position);
        return (node, snapshot.LastMicros);
    }
}
