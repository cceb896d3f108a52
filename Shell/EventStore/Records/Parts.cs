using Nitro.EventStore.Streams;
using Nitro.Ports;

namespace Nitro.EventStore.Records;

/// <summary>
/// What is too long for one append, in parts in a stream of its own that nobody else writes to: its name tells the content. Writing it
/// again is harmless.
/// </summary>
internal sealed class Parts(StreamClient client)
{
    private const string Type = "Part";
    private const long PartsOfPage = 8;

    /// <summary>Writes all of it; returns how many parts.</summary>
    /// <exception cref="JournalException">Something else stands there, or the server cannot be written to.</exception>
    internal async Task<int> WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var count = Math.Max(1, (content.Length + AppendSize.Part - 1) / AppendSize.Part);
        for (var i = 0; i < count; i++)
        {
            var part = content[(i * AppendSize.Part)..Math.Min((i + 1) * AppendSize.Part, content.Length)];
            var metadata = new EventMetadata { Version = count, Writer = name }.ToJson();
            var proposed = new ProposedEvent(EventId.Of(name, i, Type, false, metadata, part.Span), Type, false, metadata, part);
            var reply = await client.AppendAsync(name, i - 1, [proposed], cancellationToken);
            if (reply != new AppendReply(true, i))
            {
                throw new JournalException(
                    JournalFailure.Permanent, $"The stream {name} has something else than part {i} of {count}: keep it for inspection; nothing was written to the journal.");
            }
        }

        return count;
    }

    /// <summary>All of it.</summary>
    /// <exception cref="JournalException">A part is missing or damaged.</exception>
    internal async Task<byte[]> ReadAsync(string name, CancellationToken cancellationToken)
    {
        var content = new MemoryStream();
        var count = 1;
        for (var next = 0; next < count;)
        {
            var page = await client.ReadPageAsync(name, next, PartsOfPage, cancellationToken);
            foreach (var stored in page)
            {
                var metadata = EventMetadata.Read(stored.CustomMetadata.Span);
                if (stored.StreamRevision != (ulong)next
                    || metadata is null
                    || EventId.Of(stored.Id) != EventId.Of(name, next, Type, false, stored.CustomMetadata.Span, stored.Data.Span))
                {
                    throw Broken(name, next);
                }

                count = metadata.Version;
                stored.Data.WriteTo(content);
                next++;
            }

            if (page.Count == 0)
            {
                throw Broken(name, next);
            }
        }

        return content.ToArray();
    }

    /// <summary>Hides what is not needed any more.</summary>
    /// <exception cref="JournalException">It was not done, or that is not known.</exception>
    internal Task DeleteAsync(string name, int count, CancellationToken cancellationToken) => client.DeleteAsync(name, count - 1, cancellationToken);

    private static JournalException Broken(string name, int part) => new(
        JournalFailure.Permanent,
        $"The journal needs the stream {name}, whose part {part} is missing or damaged. Keep it as it is for inspection and restore a backup of the server.");
}
