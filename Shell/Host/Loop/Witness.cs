using Microsoft.Extensions.Logging;
using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Host.Loop;

/// <summary>
/// Notes beside the node at work how far its journal has come, so that the next start sees whether it lost its end or an older copy was put back,
/// wherever it is kept. What goes wrong with it is told, and costs that certainty alone. Used by one loop.
/// </summary>
internal sealed class Witness(TenantParts parts) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>A store that is away must not keep a node from ending.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource ending = new();
    private Task writing = Task.CompletedTask;
    private long noted;
    private long notedAt;
    private bool isComplained;

    /// <summary>Notes it where some time has passed since the last note.</summary>
    internal void Consider(NodeHandle node)
    {
        if (writing.IsCompleted && node.Position != noted && (noted == 0 || parts.Time.GetElapsedTime(notedAt) >= Pause))
        {
            Begin(node);
        }
    }

    /// <summary>Notes the end, while the journal is still open.</summary>
    internal async Task EndAsync(NodeHandle node)
    {
        ending.CancelAfter(Patience);
        await writing;
        if (node.Position != noted)
        {
            Begin(node);
            await writing;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ending.Dispose();

    /// <summary>
    /// Refuses a journal that has not what was once seen durable in it. What the node signed and was given since is not in such a one, and only a
    /// restored node asks its peers for that.
    /// </summary>
    /// <param name="parts">The tenant's.</param>
    /// <param name="path">Who tells, for the message.</param>
    /// <param name="position">The position after the record that was seen.</param>
    /// <param name="digest">Of that record.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TenantStoppedException">The record is not there, or is another.</exception>
    /// <exception cref="JournalException">It is damaged, or the store cannot be read.</exception>
    internal static async Task RequireAsync(TenantParts parts, string path, long position, ReadOnlyMemory<byte> digest, CancellationToken cancellationToken)
    {
        var (journal, last) = (parts.Journal, position - 1);
        if (last < journal.First
            || (await journal.RecordAtAsync(last, cancellationToken) is { } stored && Snapshot.DigestOf(stored).AsSpan().SequenceEqual(digest.Span)))
        {
            return;
        }

        var cause = position > journal.Next ? $"it ends before record {journal.Next}" : "it has another one in its place";
        throw new TenantStoppedException(
            $"The journal of tenant {parts.Name} is not the one that its node had: {path} is of a journal with record {last}, and {cause}. "
            + "Was an older copy put back? Bring the newest back. If this is the newest, move it aside and give it to './nitro restore --from', so that the node asks its peers for "
            + "the rest.");
    }

    private void Begin(NodeHandle node)
    {
        if (parts.WitnessPath is { } path && node.Position > 0)
        {
            (noted, notedAt) = (node.Position, parts.Time.GetTimestamp());
            writing = Task.Run(() => WriteAsync(path, node.Position));
        }
    }

    private async Task WriteAsync(string path, long position)
    {
        try
        {
            if (await parts.Journal.RecordAtAsync(position - 1, ending.Token) is { } last)
            {
                new WitnessFile(parts.Settings.Address, position, Convert.ToHexStringLower(Snapshot.DigestOf(last))).Write(path);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The one before stays.
        }
        catch (Exception e)
        {
            // The boundary of its thread: a node does not end, nor end badly, for the sake of a note.
            if (!isComplained)
            {
                isComplained = true;
                parts.Logger.LogWarning("{Path} was not written: {Cause} Until it is, a start would not see that the journal lost its newest records", path, e.Message);
            }
        }
    }
}
