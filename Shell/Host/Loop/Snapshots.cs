using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Host.Loop;

/// <summary>
/// Keeps the newest state beside the journal, made on another thread of a state that never changes, while the node goes on. What goes wrong with
/// it is told and costs a longer restart, nothing else. Used by one loop.
/// </summary>
/// <param name="parts">Says where it is kept, and after how many records.</param>
/// <param name="kept">The position of the one there is.</param>
internal sealed class Snapshots(TenantParts parts, long kept) : IAsyncDisposable
{
    /// <summary>Making one costs more than folding as many records as there are channels and requests in it: it is due again after a multiple of them.</summary>
    private const int Worthwhile = 2;

    private readonly CancellationTokenSource stopping = new();
    private Task making = Task.CompletedTask;
    private long newest = kept;
    private long due = Math.Max(1, parts.SnapshotRecords);

    /// <summary>Done once the one under way is.</summary>
    internal Task Made => making;

    /// <summary>Begins one where it is due and none is under way.</summary>
    internal void Consider(NodeHandle node)
    {
        if (parts.SnapshotPath is { } path && making.IsCompleted && node.Position - Volatile.Read(ref newest) >= Volatile.Read(ref due))
        {
            making = Task.Run(() => MakeAsync(path, node));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await making;
        stopping.Dispose();
    }

    private async Task MakeAsync(string path, NodeHandle node)
    {
        // Not again at the next turn, whatever comes of it.
        Volatile.Write(ref newest, node.Position);
        var start = Stopwatch.GetTimestamp();
        try
        {
            var last = await parts.Journal.RecordAtAsync(node.Position - 1, stopping.Token)
                ?? throw new JournalException(JournalFailure.Unknown, $"Record {node.Position - 1} is not there.");
            var snapshot = new Snapshot(
                parts.Settings.Address,
                node.Position,
                last.AtMicros,
                Snapshot.DigestOf(last),
                node.Epoch,
                node.EpochStart,
                node.EpochRestated,
                node.SeenHeight,
                NodeImage.Write(node));
            var (again, reason) = snapshot.Restore(parts.Settings, stopping.Token);
            if (again is null || !NodeImage.IsSame(again.Finish(), node))
            {
                parts.Logger.LogError(
                    "The state at position {Position} is not read from its snapshot as it is: {Reason}. This is a bug of the node: report it with the log. Nothing is lost, but a restart reads more.",
                    node.Position,
                    again is null ? reason : "it knows something else");
                return;
            }

            SnapshotFile.Write(path, snapshot);
            Volatile.Write(ref due, Math.Max(parts.SnapshotRecords, (long)Worthwhile * node.Living));
            parts.Logger.LogInformation(
                "Snapshot kept at position {Position}: {Megabytes:0.0} MB, made in {Seconds:0.0} s beside the node",
                node.Position,
                snapshot.Pieces.Sum(piece => (long)piece.Length) / 1e6,
                Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The one before stays.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JournalException)
        {
            parts.Logger.LogWarning("The snapshot {Path} was not kept: {Cause} A restart takes longer until it is; the node goes on", path, e.Message);
        }
        catch (Exception e)
        {
            // The boundary of its thread: a node does not end, nor end badly, for the sake of a cache.
            parts.Logger.LogError(e, "The snapshot {Path} was not kept. This is a bug of the node, or its memory is full: report it with the log. The node goes on", path);
        }
    }
}
