using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Nitro.Ports;

namespace Nitro.Host.Loop;

/// <summary>Reads and decodes records while those before them are folded: decoding depends on nothing, and takes as long as folding.</summary>
internal static class DecodeAhead
{
    private const int Together = 256;
    private const int Ahead = 8;

    /// <summary>The records in order, each with what it says, or with why that cannot be read.</summary>
    internal static async IAsyncEnumerable<(JournalRecord Record, NodeFact? Fact, string Error)> RunAsync(
        IAsyncEnumerable<JournalRecord> records, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var decoding = Channel.CreateBounded<Task<(JournalRecord, NodeFact?, string)[]>>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        var reading = Task.Run(() => ReadAsync(records, decoding.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var batch in decoding.Reader.ReadAllAsync(cancellationToken))
            {
                foreach (var decoded in await batch)
                {
                    yield return decoded;
                }
            }

            await reading;
        }
        finally
        {
            await stop.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task ReadAsync(
        IAsyncEnumerable<JournalRecord> records, ChannelWriter<Task<(JournalRecord, NodeFact?, string)[]>> decoding, CancellationToken cancellationToken)
    {
        try
        {
            var batch = new List<JournalRecord>(Together);
            await foreach (var record in records.WithCancellation(cancellationToken))
            {
                batch.Add(record);
                if (batch.Count == Together)
                {
                    await decoding.WriteAsync(Begin([.. batch]), cancellationToken);
                    batch.Clear();
                }
            }

            await decoding.WriteAsync(Begin([.. batch]), cancellationToken);
        }
        finally
        {
            // Who reads gets what is there, and then the error from the task.
            decoding.Complete();
        }
    }

    private static Task<(JournalRecord, NodeFact?, string)[]> Begin(JournalRecord[] batch) => Task.Run(() => Array.ConvertAll(
        batch, record => (record, NitroCore.TryReadFact(record.Type, record.Version, record.Body, out var fact, out var error) ? fact : null, error)));
}
