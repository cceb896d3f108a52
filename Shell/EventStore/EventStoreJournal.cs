using System.Security.Cryptography;
using System.Text.Json;
using Nitro.EventStore.Connection;
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
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(2);

    private readonly Cluster cluster;
    private readonly StreamClient client;
    private readonly JournalWriter writer;
    private readonly RecordReader reader;
    private volatile bool disposed;

    private EventStoreJournal(Cluster cluster, StreamClient client, JournalWriter writer, RecordReader reader)
    {
        this.cluster = cluster;
        this.client = client;
        this.writer = writer;
        this.reader = reader;
    }

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
    public static async Task<EventStoreJournal> OpenAsync(EventStoreJournalOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (settings, owner) = (options.Settings, options.Owner);
        var stream = StreamNames.Journal(owner);
        if (settings.Preference != NodePreference.Leader)
        {
            throw new JournalException(
                JournalFailure.Permanent, $"A journal needs the leader of {settings}, since it must read what it wrote: leave nodePreference out of the connection string.");
        }

        var transport = new Transport(settings);
        var cluster = new Cluster(settings, transport, options.Time);
        try
        {
            var client = new StreamClient(settings, transport, new ServerCalls(settings, cluster, options.RetryFor, options.Time, options.Complain));
            var encoder = new RecordEncoder(stream, $"{Environment.MachineName}/{Environment.ProcessId}/{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
            var parts = new Parts(client);
            var decoder = new RecordDecoder(stream, $"{settings}");
            var reader = new RecordReader(client, parts, decoder, stream);
            var appender = new LongAppend(client, parts, encoder, owner, options.Complain);
            await GreetAsync(client, options, cancellationToken);
            var end = await EndAsync(client, decoder, appender, stream, cancellationToken);
            var writer = new JournalWriter(owner, encoder, appender, parts, reader, end, position => DescribeAsync(client, options.Complain, stream, position));
            return new EventStoreJournal(cluster, client, writer, reader);
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>
    /// As <see cref="IJournal.AppendAsync"/>. Cancellation is heeded until the writer takes the append, and then means that
    /// nothing was written. The bodies must not change before the answer.
    /// </summary>
    public async ValueTask<AppendResult> AppendAsync(long expected, IReadOnlyList<JournalEntry> entries, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        return AppendRules.Check(expected, entries, out var bytes) is { } copy
            ? await WrittenAsync(new AppendRequest(expected, copy, bytes, opensEpoch: false), cancellationToken)
            : new AppendResult(AppendOutcome.TooLarge, Next);
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
        return reader.ReadAsync(from, Next, cancellationToken);
    }

    /// <summary>Serves the appends that wait, as long as it may take, and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        disposed = true;
        writer.Close(new ObjectDisposedException(nameof(EventStoreJournal)));
        await writer.Ended;
        client.Dispose();
        cluster.Dispose();
    }

    private async Task<AppendResult> WrittenAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        writer.Add(request);
        using (cancellationToken.UnsafeRegister(static (state, token) => ((AppendRequest)state!).TryCancel(token), request))
        {
            return await request.Answer;
        }
    }

    /// <summary>Nothing here goes by the server's clock, but deadlines on the chain go by this node's.</summary>
    private static async Task GreetAsync(StreamClient client, EventStoreJournalOptions options, CancellationToken cancellationToken)
    {
        var (version, ticks) = await client.GreetAsync(cancellationToken);
        if (ticks is not { } told)
        {
            return;
        }

        var here = options.Time.GetUtcNow();
        var off = here - DateTimeOffset.UnixEpoch.AddTicks(told);
        if (off.Duration() > ClockTolerance)
        {
            options.Complain(
                $"The clock of this machine ({here:yyyy-MM-dd HH:mm:ss} UTC) is {off.Duration().TotalMinutes:0} minutes {(off > TimeSpan.Zero ? "ahead of" : "behind")} "
                + $"that of {options.Settings} (EventStoreDB {version}): set both by a time server, since a node's deadlines go by its clock.");
        }
    }

    private static async Task<JournalEnd> EndAsync(
        StreamClient client, RecordDecoder decoder, LongAppend appender, string stream, CancellationToken cancellationToken)
    {
        if (await client.LastAsync(stream, cancellationToken) is not { } last)
        {
            await CheckNewAsync(client, stream, cancellationToken);
            return default;
        }

        var (record, metadata) = decoder.Decode(last, (long)last.StreamRevision);
        if (metadata.Epoch < 0 || metadata.Epoch > record.Position)
        {
            throw decoder.Damaged(record.Position, $"it says that its epoch begins at {metadata.Epoch}");
        }

        var next = metadata.Until is null ? record.Position + 1 : await appender.CompleteAsync(record.Position, metadata, cancellationToken);
        return new JournalEnd(next, metadata.Epoch);
    }

    /// <summary>A stream that was deleted looks like one that never was; only its metadata tells.</summary>
    private static async Task CheckNewAsync(StreamClient client, string stream, CancellationToken cancellationToken)
    {
        if (await client.LastAsync(StreamNames.AboutStream(stream), cancellationToken) is { } about && IsTruncated(about.Data.Memory))
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The stream {stream} had a journal and was deleted or truncated. Restore a backup of the server; or, if this node is to begin anew, give it a new channel key.");
        }
    }

    private static bool IsTruncated(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var about = JsonDocument.Parse(json);
            return about.RootElement.ValueKind == JsonValueKind.Object && about.RootElement.TryGetProperty("$tb", out _);
        }
        catch (JsonException)
        {
            return false; // nobody's notes on a stream that is not there
        }
    }

    /// <summary>Who wrote the record at a position where this writer's should be.</summary>
    private static async Task<string> DescribeAsync(StreamClient client, Action<string> complain, string stream, long position)
    {
        var told = $"nobody can tell who: record {position} of the stream {stream} is not there";
        try
        {
            foreach (var stored in await client.ReadPageAsync(stream, position, 1, CancellationToken.None))
            {
                var who = EventMetadata.Read(stored.CustomMetadata.Span) is { } metadata
                    ? $"{metadata.Writer} (machine, process, and a name of its own)"
                    : "something that is no node";
                told = $"{who} wrote record {position} of the stream {stream}, {RecordDecoder.Created(stored)}";
            }
        }
        catch (JournalException e)
        {
            told = $"nobody can tell who: {e.Message}"; // that there is one is certain all the same
        }

        complain($"Another writer lives: {told}.");
        return told;
    }
}
