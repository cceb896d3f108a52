using Google.Protobuf;
using Nitro.EventStore.Protocol;
using Nitro.EventStore.Streams;
using Nitro.Ports;

namespace Nitro.EventStore.Records;

/// <summary>
/// An append larger than the server's, all or nothing all the same: first its events are put down in a stream of their own, then they are
/// appended to the journal piece by piece. The first piece decides. Each but the last ends with an event that names that stream, so
/// whoever finds the journal ending there completes it, event for event the same.
/// </summary>
internal sealed class LongAppend(StreamClient client, Parts parts, RecordEncoder encoder, string owner, Action<string> complain)
{
    private const int Marker = AppendSize.Append - AppendSize.Event;

    private readonly string stream = StreamNames.Journal(owner);
    private long commits;

    /// <summary>The server's appends that it has taken so far.</summary>
    internal long Commits => Interlocked.Read(ref commits);

    /// <summary>Appends all events, the first at <paramref name="position"/>, or none.</summary>
    /// <exception cref="JournalException">As for any append.</exception>
    internal async Task<AppendReply> WriteAsync(long position, List<ProposedEvent> events, CancellationToken cancellationToken)
    {
        var pieces = Cut(events);
        if (pieces.Count == 1)
        {
            return await AppendAsync(position, events, cancellationToken);
        }

        var ids = events.SelectMany(proposed => proposed.Id.ToByteArray()).ToArray();
        var rest = StreamNames.Rest(owner, position, ids);
        foreach (var piece in pieces.SkipLast(1))
        {
            var last = piece.End.Value - 1;
            events[last] = encoder.Unfinished(position + last, events[last], position + events.Count, rest);
        }

        var count = await parts.WriteAsync(rest, Pack(events), cancellationToken);
        var reply = default(AppendReply);
        foreach (var piece in pieces)
        {
            var start = piece.Start.Value;
            reply = await AppendAsync(position + start, events[piece], cancellationToken);
            if (!reply.IsWritten)
            {
                return start == 0 ? reply : throw Torn(position + start);
            }
        }

        await DeleteAsync(rest, count, cancellationToken);
        return reply;
    }

    /// <summary>Completes an append whose last event in the journal says that more was to come; returns the position after it.</summary>
    /// <exception cref="JournalException">What is missing cannot be found any more, or another writer came in between.</exception>
    internal async Task<long> CompleteAsync(long last, EventMetadata metadata, CancellationToken cancellationToken)
    {
        var (until, rest) = (metadata.Until!.Value, metadata.Rest!);
        complain($"The journal in the stream {stream} ends at {last} within an append that goes on to {until - 1}: completing it from the stream {rest}.");
        var packed = await parts.ReadAsync(rest, cancellationToken);
        var events = Unpack(packed);
        var position = until - events.Count;
        for (var start = (int)(last + 1 - position); start < events.Count;)
        {
            var end = start + 1;
            while (end < events.Count && EventMetadata.Read(events[end - 1].Metadata.Span) is not { Until: not null })
            {
                end++;
            }

            var reply = await AppendAsync(position + start, events[start..end], cancellationToken);
            start = reply.IsWritten ? end : throw Torn(position + start);
        }

        await DeleteAsync(rest, PartCount(packed), cancellationToken);
        return until;
    }

    private static int PartCount(byte[] packed) => Math.Max(1, (packed.Length + AppendSize.Part - 1) / AppendSize.Part);

    private static List<Range> Cut(List<ProposedEvent> events)
    {
        var pieces = new List<Range>();
        var (start, size) = (0, 0);
        for (var i = 0; i < events.Count; i++)
        {
            if (i > start && size + events[i].Size > AppendSize.Append - Marker)
            {
                pieces.Add(start..i);
                (start, size) = (i, 0);
            }

            size += events[i].Size;
        }

        pieces.Add(start..events.Count);
        return pieces;
    }

    private static ReadOnlyMemory<byte> Pack(List<ProposedEvent> events)
    {
        var packed = new MemoryStream();
        foreach (var proposed in events)
        {
            proposed.ToMessage().WriteDelimitedTo(packed);
        }

        return packed.GetBuffer().AsMemory(0, (int)packed.Length);
    }

    private static List<ProposedEvent> Unpack(byte[] packed)
    {
        var events = new List<ProposedEvent>();
        using var source = new MemoryStream(packed);
        while (source.Position < source.Length)
        {
            events.Add(ProposedEvent.Of(BatchAppendReq.Types.ProposedMessage.Parser.ParseDelimitedFrom(source)));
        }

        return events;
    }

    private async Task<AppendReply> AppendAsync(long position, IReadOnlyList<ProposedEvent> events, CancellationToken cancellationToken)
    {
        var reply = await client.AppendAsync(stream, position - 1, events, cancellationToken);
        if (reply is { IsWritten: true } && reply.Last != position + events.Count - 1)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The stream {stream} took record {position} as {reply.Last - events.Count + 1}: it was deleted before. Restore a backup of the server.");
        }

        Interlocked.Add(ref commits, reply.IsWritten ? 1 : 0);
        return reply;
    }

    // What is left over costs space and nothing else.
    private async Task DeleteAsync(string rest, int count, CancellationToken cancellationToken)
    {
        try
        {
            await parts.DeleteAsync(rest, count, cancellationToken);
        }
        catch (JournalException e)
        {
            complain($"{e.Message} The journal is whole without it: delete it by hand.");
        }
    }

    private JournalException Torn(long position) => new(
        JournalFailure.Unknown,
        $"Another writer came into the midst of an append to the stream {stream}, at record {position}. Find and stop it, then restart this node, which reads the journal again.");
}
