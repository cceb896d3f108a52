using System.Globalization;
using Nitro.EventStore.Streams;
using Nitro.Ports;
using RecordedEvent = Nitro.EventStore.Protocol.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace Nitro.EventStore.Records;

/// <summary>Reads records out of a journal's events, and refuses whatever a journal would not have written there.</summary>
internal sealed class RecordDecoder(string stream, string place)
{
    /// <summary>The record, whose body is a stub where the metadata names parts.</summary>
    /// <exception cref="JournalException">Missing, foreign, newer than this version, or not what was once written.</exception>
    internal (JournalRecord Record, EventMetadata Metadata) Decode(RecordedEvent stored, long position)
    {
        if (stored.StreamRevision != (ulong)position)
        {
            throw Damaged(position, $"it is missing (the next one is {stored.StreamRevision}); look for $maxCount, $maxAge or $tb in the stream's metadata");
        }

        var type = stored.Metadata.GetValueOrDefault(ProposedEvent.TypeKey) ?? "";
        if (EventMetadata.Read(stored.CustomMetadata.Span) is not { } metadata)
        {
            throw Damaged(position, $"it is of the type '{type}' and was not written by a node ({Created(stored)})");
        }

        if (metadata.Form != EventMetadata.CurrentForm)
        {
            throw Damaged(position, $"its metadata has the form {metadata.Form}, and this version of the node knows {EventMetadata.CurrentForm}: run the version that wrote it");
        }

        var isJson = stored.Metadata.GetValueOrDefault(ProposedEvent.FormatKey) == ProposedEvent.Json;
        var id = EventId.Of(stream, position, type, isJson, stored.CustomMetadata.Span, stored.Data.Span);
        return id == EventId.Of(stored.Id)
            ? (new JournalRecord(position, metadata.AtMicros, type, metadata.Version, stored.Data.Memory), metadata)
            : throw Damaged(position, $"its content does not match its id: it was altered, or written for another tenant or stream by {metadata.Writer} ({Created(stored)})");
    }

    /// <summary>When the server took it, by its clock.</summary>
    internal static string Created(RecordedEvent stored) =>
        long.TryParse(stored.Metadata.GetValueOrDefault("created"), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
        && ticks <= (DateTime.MaxValue - DateTime.UnixEpoch).Ticks
            ? $"created {DateTime.UnixEpoch.AddTicks(ticks):yyyy-MM-dd HH:mm:ss} UTC"
            : "created at an unknown time";

    /// <summary>That a record cannot be used, and why.</summary>
    internal JournalException Damaged(long position, string cause) => new(
        JournalFailure.Permanent,
        $"Record {position} of the journal in the stream {stream} at {place} cannot be used: {cause}. Nothing after it can be used. "
        + "Keep the stream as it is for inspection and restore a backup of the server.");
}
