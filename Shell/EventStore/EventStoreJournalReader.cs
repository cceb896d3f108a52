using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nitro.EventStore.Records;
using Nitro.EventStore.Streams;
using Nitro.Ports;

namespace Nitro.EventStore;

/// <summary>
/// A tenant's journal on EventStoreDB, read beside the node that may be writing it: appends nothing to it, completes nothing, and is in
/// nobody's way. An append that is not whole yet is not there.
/// </summary>
public sealed class EventStoreJournalReader : IJournalRecords, IDisposable
{
    private readonly JournalStream stream;
    private string writer = string.Empty;
    private DateTimeOffset written;

    private EventStoreJournalReader(JournalStream stream) => this.stream = stream;

    /// <summary>What it is, for messages; without anything secret.</summary>
    public string Title => $"the journal in the stream {stream.Name} at {stream.Options.Settings}";

    /// <summary>Whose journal it is.</summary>
    public string Owner => stream.Options.Owner;

    /// <inheritdoc/>
    public long First { get; private set; }

    /// <inheritdoc/>
    public long Next { get; private set; }

    /// <inheritdoc/>
    public long EpochStart { get; private set; }

    /// <summary>Opens a journal that is there.</summary>
    /// <exception cref="JournalException">The server cannot be reached or trusted, or the stream is not there, is not whole, or ends with no record of this owner's.</exception>
    public static async Task<EventStoreJournalReader> OpenAsync(EventStoreJournalOptions options, CancellationToken cancellationToken)
    {
        var stream = await JournalStream.OpenAsync(options, cancellationToken);
        try
        {
            await stream.RequireWholeAsync(cancellationToken);
            var reader = new EventStoreJournalReader(stream);
            if (await reader.RefreshAsync(cancellationToken) == 0)
            {
                throw new JournalException(JournalFailure.Permanent, $"There is no journal in the stream {stream.Name} at {options.Settings}. Check the address and the server.");
            }

            reader.First = await stream.FirstAsync(cancellationToken);
            return reader;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Looks again where it ends.</summary>
    /// <exception cref="JournalException">The newest event is no record, or the server cannot be read.</exception>
    public async ValueTask<long> RefreshAsync(CancellationToken cancellationToken)
    {
        if (await stream.LastAsync(cancellationToken) is not { } last)
        {
            return Next;
        }

        var (stored, record, metadata) = last;
        writer = metadata.Writer;
        written = CreatedAt(stored.Metadata.GetValueOrDefault("created"));
        if (metadata.Until is null)
        {
            (Next, EpochStart) = (record.Position + 1, metadata.Epoch);
            return Next;
        }

        var start = StreamNames.StartOf(metadata.Rest!);
        var before = start > 0 ? await AtAsync(start - 1, cancellationToken) : default;
        (Next, EpochStart) = (start, before.Metadata?.Epoch ?? 0);
        return Next;
    }

    /// <summary>Where the epoch began that was in force at a position and time (microseconds since 1970); 0 where none had begun.</summary>
    /// <exception cref="JournalException">A record on the way there is damaged.</exception>
    public async ValueTask<long> EpochAtAsync(long upTo, long atMicros, CancellationToken cancellationToken)
    {
        var (low, high) = (First - 1, Math.Min(upTo, Next - 1));
        if (atMicros < long.MaxValue)
        {
            while (low < high)
            {
                var middle = low + ((high - low + 1) / 2);
                (low, high) = (await AtAsync(middle, cancellationToken)).Record.AtMicros <= atMicros ? (middle, high) : (low, middle - 1);
            }
        }

        return high >= First ? (await AtAsync(high, cancellationToken)).Metadata.Epoch : 0;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken) =>
        stream.Reader.ReadAsync(Math.Max(from, First), Next, cancellationToken);

    /// <summary>
    /// Refuses where the node that wrote last is seen to be at work: on this machine, by its process. Of one elsewhere only what it writes
    /// tells; see <see cref="RequireStillAsync"/>.
    /// </summary>
    /// <exception cref="JournalException">It lives.</exception>
    public void RequireNoWriter()
    {
        if (writer.Split('/') is not [var machine, var number, _]
            || machine != Environment.MachineName
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || id == Environment.ProcessId)
        {
            return;
        }

        try
        {
            using var process = Process.GetProcessById(id);
            if (process.StartTime.ToUniversalTime() <= written)
            {
                throw new JournalException(
                    JournalFailure.Permanent, $"{Title} is in use: the node with the process id {id} on this machine wrote its newest record and is still there. Stop it first.");
            }
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // No process, or one that is none of ours.
        }
    }

    /// <summary>Refuses where more was written since this was opened.</summary>
    /// <exception cref="JournalException">A node is at work on it.</exception>
    public async Task RequireStillAsync(CancellationToken cancellationToken)
    {
        var was = Next;
        if (await RefreshAsync(cancellationToken) != was)
        {
            throw new JournalException(JournalFailure.Permanent, $"{Title} is in use: {writer} wrote record {was} meanwhile. Stop that node first, and do it once more.");
        }
    }

    /// <summary>
    /// Hides what stands before the epoch in force, for the server's next scavenge to take away: the stream's <c>$tb</c>, beside all else that
    /// its metadata says. A node may be at work.
    /// </summary>
    /// <exception cref="JournalException">The metadata are none, changed meanwhile, or cannot be written.</exception>
    public async Task HideEarlierAsync(CancellationToken cancellationToken)
    {
        var about = StreamNames.AboutStream(stream.Name);
        var last = await stream.Client.LastAsync(about, cancellationToken);
        var json = Known(last?.Data.Memory ?? "{}"u8.ToArray(), about);
        json["$tb"] = EpochStart;
        var proposed = new ProposedEvent(Guid.NewGuid(), "$metadata", true, ReadOnlyMemory<byte>.Empty, Encoding.UTF8.GetBytes(json.ToJsonString()));
        var reply = await stream.Client.AppendAsync(about, last is null ? -1 : (long)last.StreamRevision, [proposed], cancellationToken);
        if (!reply.IsWritten)
        {
            throw new JournalException(JournalFailure.Permanent, $"Somebody else changed the metadata of the stream {stream.Name} meanwhile. Nothing was hidden: do it once more.");
        }

        First = EpochStart;
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => stream.Dispose();

    private static JsonObject Known(ReadOnlyMemory<byte> json, string about)
    {
        try
        {
            return JsonNode.Parse(json.Span) as JsonObject ?? throw new JsonException("it is no object");
        }
        catch (JsonException e)
        {
            throw new JournalException(JournalFailure.Permanent, $"The stream {about} has no metadata that can be read: {e.Message} Nothing was hidden.", e);
        }
    }

    private static DateTimeOffset CreatedAt(string? ticks) =>
        long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= (DateTime.MaxValue - DateTime.UnixEpoch).Ticks
            ? DateTimeOffset.UnixEpoch.AddTicks(count)
            : DateTimeOffset.MaxValue;

    private async Task<(JournalRecord Record, EventMetadata Metadata)> AtAsync(long position, CancellationToken cancellationToken) =>
        await stream.Client.ReadPageAsync(stream.Name, position, 1, cancellationToken) is [var stored, ..]
            ? stream.Decoder.Decode(stored, position)
            : throw stream.Decoder.Damaged(position, "it is missing, and so is what follows");
}
