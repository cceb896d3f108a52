using System.Security.Cryptography;
using Nitro.EventStore.Records;
using Nitro.EventStore.Streams;
using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.EventStore;

/// <summary>
/// A tenant's journal as one stream of EventStoreDB: a record is an event, its position the event's revision. One writer; a second one
/// makes the first conflict. What went unanswered is asked again, the same event for event, until it is known. Appends may be issued
/// without awaiting the one before; those that wait together share one append of the server.
/// </summary>
public sealed class EventStoreJournal : IJournal
{
    private readonly JournalStream stream;
    private readonly JournalWriter writer;
    private volatile bool disposed;

    private EventStoreJournal(JournalStream stream, JournalWriter writer, long first) => (this.stream, this.writer, First) = (stream, writer, first);

    /// <inheritdoc/>
    public long First { get; }

    /// <inheritdoc/>
    public long Next => writer.Next;

    /// <inheritdoc/>
    public long EpochStart => writer.EpochStart;

    /// <inheritdoc/>
    public string? Rival => writer.Rival;

    /// <inheritdoc/>
    public JournalStatistics Statistics => writer.Statistics;

    /// <summary>Finds the leader and the end of the journal. Completes an append whose writer died in the midst of it.</summary>
    /// <exception cref="JournalException">
    /// Permanent: no server answers, it cannot be trusted or does not trust, or the stream's end is not what a node would have written.
    /// </exception>
    public static Task<EventStoreJournal> OpenAsync(EventStoreJournalOptions options, CancellationToken cancellationToken) =>
        OpenAsync(options, static (stream, cancel) => stream.RequireWholeAsync(cancel), cancellationToken);

    /// <summary>
    /// The same for a journal that is to be made of a copy, or whose making broke off: until <see cref="FilledAsync"/> nobody else can open it.
    /// </summary>
    /// <exception cref="JournalException">As for <see cref="OpenAsync(EventStoreJournalOptions, CancellationToken)"/>, or there is a journal already.</exception>
    public static Task<EventStoreJournal> FillAsync(EventStoreJournalOptions options, CancellationToken cancellationToken) =>
        OpenAsync(options, static (stream, cancel) => stream.BeginFillingAsync(cancel), cancellationToken);

    /// <summary>All is there: from now on it is a journal like any other.</summary>
    /// <exception cref="JournalException">That was not done, or is not known; doing it again does it.</exception>
    public Task FilledAsync(CancellationToken cancellationToken) => stream.EndFillingAsync(cancellationToken);

    /// <summary>
    /// As <see cref="IJournal.AppendAsync"/>. Cancellation is heeded until the writer takes the append, and then means that
    /// nothing was written. The bodies must not change before the answer.
    /// </summary>
    public async ValueTask<AppendResult> AppendAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var copy = AppendRules.Copy(expected, entries, out var bytes);
        return await WrittenAsync(new AppendRequest(expected, copy, bytes, opensEpoch: false), cancellationToken);
    }

    /// <summary>
    /// As <see cref="IJournal.OpenEpochAsync"/>: one append of the server or, where it is larger, several of which the first decides.
    /// Cancellation as for an append.
    /// </summary>
    public async ValueTask<AppendResult> OpenEpochAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var copy = AppendRules.Copy(expected, entries, out var bytes);
        return await WrittenAsync(new AppendRequest(expected, copy, bytes, opensEpoch: true), cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<JournalRecord> ReadAsync(long from, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ObjectDisposedException.ThrowIf(disposed, this);
        return stream.Reader.ReadAsync(from, Next, cancellationToken);
    }

    /// <summary>Serves the appends that wait, as long as it may take, and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        disposed = true;
        writer.Close(new ObjectDisposedException(nameof(EventStoreJournal)));
        await writer.Ended;
        stream.Dispose();
    }

    private async Task<AppendResult> WrittenAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        writer.Add(request);
        using (cancellationToken.UnsafeRegister(static (state, token) => ((AppendRequest)state!).TryCancel(token), request))
        {
            return await request.Answer;
        }
    }

    private static async Task<EventStoreJournal> OpenAsync(
        EventStoreJournalOptions options, Func<JournalStream, CancellationToken, Task> admit, CancellationToken cancellationToken)
    {
        var stream = await JournalStream.OpenAsync(options, cancellationToken);
        try
        {
            await admit(stream, cancellationToken);
            var encoder = new RecordEncoder(stream.Name, $"{Environment.MachineName}/{Environment.ProcessId}/{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
            var appender = new LongAppend(stream.Client, stream.Parts, encoder, options.Owner, options.Complain);
            var end = await EndAsync(stream, appender, cancellationToken);
            var first = end.Next == 0 ? 0 : await stream.FirstAsync(cancellationToken);
            var writer = new JournalWriter(options.Owner, encoder, appender, stream.Parts, stream.Reader, end, position => DescribeAsync(stream, position));
            return new EventStoreJournal(stream, writer, first);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static async Task<JournalEnd> EndAsync(JournalStream stream, LongAppend appender, CancellationToken cancellationToken)
    {
        var last = await stream.LastAsync(cancellationToken);
        await CheckKeptAsync(stream, last is null, cancellationToken);
        if (last is not { Record: var record, Metadata: var metadata })
        {
            return default;
        }

        var next = metadata.Until is null ? record.Position + 1 : await appender.CompleteAsync(record.Position, metadata, cancellationToken);
        return new JournalEnd(next, metadata.Epoch);
    }

    /// <summary>A stream that was deleted looks like one that never was, and one that the server may shorten like any other: only the metadata tell.</summary>
    private static async Task CheckKeptAsync(JournalStream stream, bool isEmpty, CancellationToken cancellationToken)
    {
        if (await stream.Client.LastAsync(StreamNames.AboutStream(stream.Name), cancellationToken) is not { } newest)
        {
            return;
        }

        var about = StreamAbout.Read(newest.Data.Memory);
        if (isEmpty && about.IsTruncated)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The stream {stream.Name} had a journal and was deleted or truncated. Its positions cannot be taken again. Restore a backup of the server, or bring the journal back in another store or on another server.");
        }

        if (about.Limit is { } limit)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The metadata of the stream {stream.Name} at {stream.Options.Settings} say {limit}: the server would take records away that the node needs. "
                + "Take that limit out of the stream's metadata; nothing was written.");
        }
    }

    /// <summary>Who wrote the record at a position where this writer's should be.</summary>
    private static async Task<string> DescribeAsync(JournalStream stream, long position)
    {
        var told = $"nobody can tell who: record {position} of the stream {stream.Name} is not there";
        try
        {
            foreach (var stored in await stream.Client.ReadPageAsync(stream.Name, position, 1, CancellationToken.None))
            {
                var who = EventMetadata.Read(stored.CustomMetadata.Span) is { } metadata
                    ? $"{metadata.Writer} (machine, process, and a name of its own)"
                    : "something that is no node";
                told = $"{who} wrote record {position} of the stream {stream.Name}, {RecordDecoder.Created(stored)}";
            }
        }
        catch (JournalException e)
        {
            told = $"nobody can tell who: {e.Message}"; // that there is one is certain all the same
        }

        stream.Options.Complain($"Another writer lives: {told}.");
        return told;
    }
}
