using System.Threading.Channels;
using Nitro.EventStore.Records;
using Nitro.EventStore.Streams;
using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.EventStore;

/// <summary>
/// The one loop that writes: takes the appends that wait, sends as many as fit as one append of the server, and answers each once the
/// server has. Only one is under way at a time: behind one that another writer defeated, the next could land where its records do not
/// belong. The first failure ends it, since nobody knows any more what the stream holds.
/// </summary>
internal sealed class JournalWriter
{
    private readonly Channel<AppendRequest> waiting = Channel.CreateUnbounded<AppendRequest>(new UnboundedChannelOptions { SingleReader = true });
    private readonly string owner;
    private readonly RecordEncoder encoder;
    private readonly LongAppend appender;
    private readonly Parts parts;
    private readonly RecordReader reader;
    private readonly Func<long, Task<string>> describeRival;
    private volatile Exception? closed;
    private volatile string? rival;
    private long own = long.MaxValue;
    private long next;
    private long epochStart;
    private long records;
    private long appends;
    private long bytes;

    internal JournalWriter(
        string owner, RecordEncoder encoder, LongAppend appender, Parts parts, RecordReader reader, JournalEnd end, Func<long, Task<string>> describeRival)
    {
        this.owner = owner;
        this.encoder = encoder;
        this.appender = appender;
        this.parts = parts;
        this.reader = reader;
        this.describeRival = describeRival;
        next = end.Next;
        epochStart = end.EpochStart;
        Ended = Task.Run(RunAsync);
    }

    internal long Next => Interlocked.Read(ref next);

    internal long EpochStart => Interlocked.Read(ref epochStart);

    internal string? Rival => rival;

    /// <summary>Completes when everything that waited has its answer.</summary>
    internal Task Ended { get; }

    internal JournalStatistics Statistics => new(
        Interlocked.Read(ref records), Interlocked.Read(ref appends), appender.Commits, Interlocked.Read(ref bytes));

    /// <summary>Answered in the order of the calls.</summary>
    internal void Add(AppendRequest request)
    {
        if (!waiting.Writer.TryWrite(request))
        {
            throw closed!;
        }
    }

    /// <summary>Lets no more appends in; those that wait are still served. The first reason stays.</summary>
    internal void Close(Exception reason)
    {
        Interlocked.CompareExchange(ref closed, reason, null);
        waiting.Writer.TryComplete();
    }

    private async Task RunAsync()
    {
        var batch = new Queue<AppendRequest>();
        try
        {
            while (await waiting.Reader.WaitToReadAsync())
            {
                Take(batch);
                while (batch.Count > 0)
                {
                    await WriteAsync(batch);
                }
            }
        }
        catch (Exception e)
        {
            // The boundary of the loop: whatever it was, every caller hears of it, and no append is accepted any more.
            Stop(batch, e);
        }
    }

    /// <summary>All that waits; its callers' cancelling is not heeded from here on.</summary>
    private void Take(Queue<AppendRequest> batch)
    {
        while (waiting.Reader.TryRead(out var request))
        {
            if (request.TryTake())
            {
                batch.Enqueue(request);
            }
        }
    }

    private async Task WriteAsync(Queue<AppendRequest> batch)
    {
        var first = batch.Peek();
        if (first.Expected != Next || rival is not null)
        {
            var outcome = await IsRepeatAsync(first) ? AppendOutcome.Appended : AppendOutcome.Conflict;
            batch.Dequeue().Complete(outcome, Next);
            return;
        }

        var group = new List<AppendRequest>();
        try
        {
            await AppendAsync(group, await GatherAsync(batch, group));
        }
        catch (Exception e)
        {
            group.ForEach(request => request.Fail(Told(e)));
            throw;
        }
    }

    /// <summary>What shares one append of the server: as much as fits it. What does not, or opens an epoch, goes alone.</summary>
    private async Task<List<ProposedEvent>> GatherAsync(Queue<AppendRequest> batch, List<AppendRequest> group)
    {
        var events = new List<ProposedEvent>();
        var size = 0L;
        while (batch.TryPeek(out var request) && request.Expected == Next + events.Count && size <= AppendSize.Event)
        {
            var bodies = new List<(string Name, ReadOnlyMemory<byte> Body)>();
            var more = encoder.Encode(request.Expected, request.Entries, request.OpensEpoch ? request.Expected : EpochStart, PartsOf(bodies));
            size += more.Sum(proposed => (long)proposed.Size);
            if (group.Count > 0 && (size > AppendSize.Event || bodies.Count > 0 || request.OpensEpoch))
            {
                break;
            }

            events.AddRange(more);
            group.Add(batch.Dequeue());
            foreach (var (name, body) in bodies)
            {
                await parts.WriteAsync(name, body, CancellationToken.None);
            }

            if (request.OpensEpoch)
            {
                break;
            }
        }

        return events;
    }

    private Func<long, ProposedEvent, string> PartsOf(List<(string Name, ReadOnlyMemory<byte> Body)> bodies) => (position, proposed) =>
    {
        var name = StreamNames.Body(owner, position, proposed.Id);
        bodies.Add((name, proposed.Data));
        return name;
    };

    private async Task AppendAsync(List<AppendRequest> group, List<ProposedEvent> events)
    {
        var reply = await appender.WriteAsync(Next, events, CancellationToken.None);
        if (reply.IsWritten)
        {
            Appended(group, events.Count);
            return;
        }

        await MeetRivalAsync(reply.Last + 1);
        group.ForEach(request => request.Complete(AppendOutcome.Conflict, Next));
    }

    private void Appended(List<AppendRequest> group, int count)
    {
        Interlocked.Add(ref records, count);
        Interlocked.Add(ref appends, group.Count);
        Interlocked.Add(ref bytes, group.Sum(request => request.Bytes));
        if (group[^1].OpensEpoch)
        {
            Interlocked.Exchange(ref epochStart, group[^1].Expected); // Before the answers: who was answered must be able to read.
        }

        var head = Next;
        Interlocked.Exchange(ref next, head + count);
        foreach (var request in group)
        {
            head += request.Entries.Length;
            request.Complete(AppendOutcome.Appended, head);
        }
    }

    // Only what this writer wrote or found can be its own repeat, and nothing it appends from here on is: its records were decided
    // without knowing those of the other.
    private async Task MeetRivalAsync(long head)
    {
        var known = Next;
        if (head < known)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"Records {head} to {known - 1}, which were durable, are gone from the stream {StreamNames.Journal(owner)}: "
                + "the server lost them or was restored from an older backup. Restore a newer one.");
        }

        own = Math.Min(own, known);
        rival = await describeRival(known);
        Interlocked.Exchange(ref next, head);
    }

    private async Task<bool> IsRepeatAsync(AppendRequest request)
    {
        var (expected, entries) = (request.Expected, request.Entries);
        if (expected > Math.Min(own, Next) - entries.Length || (request.OpensEpoch && expected != EpochStart))
        {
            return false;
        }

        var compared = 0;
        await foreach (var stored in reader.ReadAsync(expected, expected + entries.Length, CancellationToken.None))
        {
            if (!AppendRules.IsSame(stored, entries[compared++]))
            {
                return false;
            }
        }

        return true;
    }

    private void Stop(Queue<AppendRequest> batch, Exception cause)
    {
        var reason = new JournalException(
            JournalFailure.Permanent,
            $"The journal stopped writing after a failure and takes no appends; nothing of this one was written. {cause.Message}",
            cause);
        Close(reason);
        foreach (var request in batch)
        {
            request.Fail(reason);
        }

        while (waiting.Reader.TryRead(out var request))
        {
            if (request.TryTake())
            {
                request.Fail(reason);
            }
        }
    }

    private static JournalException Told(Exception cause) => cause as JournalException
        ?? new JournalException(JournalFailure.Unknown, $"It is unknown whether this append was written: {cause.Message}", cause);
}
