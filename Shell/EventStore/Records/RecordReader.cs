using System.Runtime.CompilerServices;
using Nitro.EventStore.Streams;
using Nitro.Ports;

namespace Nitro.EventStore.Records;

/// <summary>Reads a journal page by page, so that a slow reader holds no call open; the next page comes while one is read.</summary>
internal sealed class RecordReader(StreamClient client, Parts parts, RecordDecoder decoder, string stream)
{
    /// <summary>Records from <paramref name="from"/> on, before <paramref name="head"/>.</summary>
    /// <exception cref="JournalException">One is missing, damaged or foreign, or the server cannot be read.</exception>
    internal async IAsyncEnumerable<JournalRecord> ReadAsync(long from, long head, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (from >= head)
        {
            yield break;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var coming = client.ReadPageAsync(stream, from, head - from, stop.Token);
        try
        {
            for (var position = from; position < head;)
            {
                var page = await coming;
                var next = position + page.Count;
                coming = page.Count > 0 && next < head ? client.ReadPageAsync(stream, next, head - next, stop.Token) : Task.FromResult(page[..0]);
                foreach (var stored in page)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var (record, metadata) = decoder.Decode(stored, position++);
                    yield return metadata.Parts is { } body ? record with { Body = await parts.ReadAsync(body, cancellationToken) } : record;
                }

                if (page.Count == 0)
                {
                    throw decoder.Damaged(position, "it is missing, and so is what follows");
                }
            }
        }
        finally
        {
            // Whoever stops early does not wait for a page that nobody reads.
            await stop.CancelAsync();
            await ((Task)coming).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
