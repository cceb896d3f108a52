using System.Runtime.CompilerServices;
using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>Archives and the journal that goes on where they end, as one.</summary>
internal sealed class ChainedSource : IJournalSource
{
    private readonly IReadOnlyList<IJournalSource> parts;

    /// <summary>Takes the parts over.</summary>
    /// <exception cref="CliError">They are not one journal's, or leave a gap.</exception>
    public ChainedSource(IEnumerable<IJournalSource> sources)
    {
        parts = [.. sources.OrderBy(part => part.First)];
        foreach (var (before, after) in parts.Zip(parts.Skip(1)))
        {
            if (!string.Equals(before.Owner, after.Owner, StringComparison.OrdinalIgnoreCase))
            {
                throw new CliError($"{before.Title} is {before.Owner}'s, {after.Title} is {after.Owner}'s: give parts of one journal.");
            }

            if (before.Next < after.First)
            {
                throw new CliError($"{before.Title} ends before record {before.Next}, {after.Title} begins with {after.First}: name the archive between them, too.");
            }
        }
    }

    public string Title => parts[^1].Title;

    public string Owner => parts[^1].Owner;

    public long First => parts[0].First;

    public long Next => parts[^1].Next;

    public long EpochStart => parts[^1].EpochStart;

    public ValueTask<long> RefreshAsync(CancellationToken cancellationToken) => parts[^1].RefreshAsync(cancellationToken);

    public async ValueTask<long> OpeningAsync(long upTo, long atMicros, CancellationToken cancellationToken)
    {
        // A time may lie before what its position's part holds, so that part alone cannot tell.
        var last = parts[^1];
        var found = upTo >= last.First ? await last.OpeningAsync(upTo, atMicros, cancellationToken) : First;
        return found > last.First ? found : First;
    }

    public async IAsyncEnumerable<JournalRecord> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = from;
        for (var i = 0; i < parts.Count; i++)
        {
            // What two parts have in common is read from the later one.
            var end = i + 1 < parts.Count ? parts[i + 1].First : long.MaxValue;
            if (next >= Math.Min(end, parts[i].Next))
            {
                continue;
            }

            await foreach (var record in parts[i].ReadAsync(next, cancellationToken))
            {
                if (record.Position >= end)
                {
                    break;
                }

                yield return record;
                next = record.Position + 1;
            }
        }
    }

    public async Task<IReadOnlyList<JournalNote>> NotesAsync(CancellationToken cancellationToken) => await parts[^1].NotesAsync(cancellationToken);

    public Task<IAsyncDisposable?> HoldAsync(CancellationToken cancellationToken) => parts[^1].HoldAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var part in parts)
        {
            await part.DisposeAsync();
        }
    }
}
