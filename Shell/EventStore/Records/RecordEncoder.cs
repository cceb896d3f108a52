using System.Text;
using Nitro.EventStore.Streams;
using Nitro.Ports;

namespace Nitro.EventStore.Records;

/// <summary>Turns records into events of one stream, as one writer writes them.</summary>
internal sealed class RecordEncoder(string stream, string writer)
{
    /// <summary>
    /// The events of one append, whose first record gets <paramref name="position"/>. <paramref name="partsOf"/>: names the stream that
    /// has a body too large for an event; it is called with the body's position and its event as it would be.
    /// </summary>
    internal List<ProposedEvent> Encode(long position, JournalEntry[] entries, long epoch, Func<long, ProposedEvent, string> partsOf)
    {
        var events = new List<ProposedEvent>(entries.Length);
        var stepFirst = position;
        for (var i = 0; i < entries.Length; i++)
        {
            ref readonly var entry = ref entries[i];
            var at = position + i;
            stepFirst = i > 0 && entries[i - 1].AtMicros == entry.AtMicros ? stepFirst : at;
            var form = BodyForm.Of(entry.Body.Span);
            var metadata = new EventMetadata
            {
                AtMicros = entry.AtMicros,
                Version = entry.Version,
                Epoch = epoch,
                Writer = writer,
                Correlation = form.Channel,

                // A promise's end is caused by the promise; what else one event led to, by the first record of that.
                Causation = (form.Effect ?? (stepFirst < at ? stepFirst : null)) is { } cause ? $"{cause}@{stream}" : null,
            };
            var proposed = Make(at, entry.Type, form.IsJson, metadata, entry.Body);
            events.Add(proposed.Size <= AppendSize.Event
                ? proposed
                : Stub(at, entry.Type, metadata with { Parts = partsOf(at, proposed) }, entry.Body.Length));
        }

        return events;
    }

    /// <summary>The same event, and behind it the append goes on to <paramref name="until"/>, all of which <paramref name="rest"/> has.</summary>
    internal ProposedEvent Unfinished(long position, ProposedEvent proposed, long until, string rest) => Make(
        position, proposed.Type, proposed.IsJson, EventMetadata.Read(proposed.Metadata.Span)! with { Until = until, Rest = rest }, proposed.Data);

    private ProposedEvent Stub(long position, string type, EventMetadata metadata, int bytes) =>
        Make(position, type, true, metadata, Encoding.UTF8.GetBytes($$"""{"bytes":{{bytes}}}"""));

    private ProposedEvent Make(long position, string type, bool isJson, EventMetadata metadata, ReadOnlyMemory<byte> data)
    {
        ReadOnlyMemory<byte> json = metadata.ToJson();
        return new ProposedEvent(EventId.Of(stream, position, type, isJson, json.Span, data.Span), type, isJson, json, data);
    }
}
