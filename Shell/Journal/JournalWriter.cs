using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>
/// The one thread that writes: takes the appends that wait, decides each against the head in the table, commits them
/// together, and only then answers. The first failure ends it, since nobody knows any more what the disk holds.
/// </summary>
internal sealed class JournalWriter
{
    private readonly JournalTable table;
    private readonly string path;
    private readonly AppendQueue queue = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long own = long.MaxValue;
    private long next;
    private long epochStart;
    private long records;
    private long appends;
    private long commits;
    private long bytes;

    internal JournalWriter(JournalTable table, string path)
    {
        this.table = table;
        this.path = path;
        First = table.First();
        next = table.Head();
        epochStart = table.EpochStart();
        new Thread(Run) { IsBackground = true, Name = "journal " + System.IO.Path.GetFileName(path) }.Start();
    }

    /// <summary>Nothing is taken out while the journal is open.</summary>
    internal long First { get; }

    internal long Next => Interlocked.Read(ref next);

    internal long EpochStart => Interlocked.Read(ref epochStart);

    internal AppendQueue Queue => queue;

    /// <summary>Completes when the thread has closed its connection.</summary>
    internal Task Ended => ended.Task;

    internal JournalStatistics Statistics => new(
        Interlocked.Read(ref records), Interlocked.Read(ref appends), Interlocked.Read(ref commits), Interlocked.Read(ref bytes));

    private void Run()
    {
        var batch = new List<AppendRequest>();
        try
        {
            while (queue.TryTake(batch))
            {
                if (batch.Count > 0)
                {
                    Write(batch);
                }

                batch.Clear();
            }
        }
        catch (Exception e)
        {
            // The boundary of the thread: whatever it was, every caller hears of it, and no append is accepted any more.
            Stop(batch, e);
        }

        Close();
    }

    private void Close()
    {
        try
        {
            table.Dispose();
            ended.TrySetResult();
        }
        catch (Exception e)
        {
            ended.TrySetException(e); // Whoever disposes of the journal hears of it.
        }
    }

    private void Write(List<AppendRequest> batch)
    {
        table.Begin();
        var tally = new Tally(table.Head(), EpochStart);
        Recognise(tally.Head);
        var outcomes = new AppendOutcome[batch.Count];
        var heads = new long[batch.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = Decide(batch[i], ref tally);
            heads[i] = tally.Head;
        }

        if (tally.Records > 0)
        {
            table.Commit();
            Interlocked.Increment(ref commits);
        }
        else
        {
            table.Rollback();
        }

        Interlocked.Add(ref records, tally.Records);
        Interlocked.Add(ref appends, tally.Appends);
        Interlocked.Add(ref bytes, tally.Bytes);
        Interlocked.Exchange(ref epochStart, tally.EpochStart); // Before the answers: who was answered must be able to read.
        Interlocked.Exchange(ref next, tally.Head);
        for (var i = 0; i < outcomes.Length; i++)
        {
            batch[i].Complete(outcomes[i], heads[i]);
        }
    }

    // The table's head decides, not the one remembered: if a second process got past the lock, one of the two must lose.
    private AppendOutcome Decide(AppendRequest request, ref Tally tally)
    {
        var entries = request.Entries;
        if (request.Expected == tally.Head)
        {
            for (var i = 0; i < entries.Length; i++)
            {
                table.Insert(tally.Head + i, entries[i]);
            }

            if (request.OpensEpoch)
            {
                table.SetEpochStart(tally.Head);
                tally.EpochStart = tally.Head;
            }

            tally.Add(entries.Length, request.Bytes);
            return AppendOutcome.Appended;
        }

        return request.Expected <= Math.Min(own, tally.Head) - entries.Length
            && (!request.OpensEpoch || request.Expected == tally.EpochStart)
            && IsRepeat(request.Expected, entries)
            ? AppendOutcome.Appended
            : AppendOutcome.Conflict;
    }

    // Only what this writer wrote or found can be its own repeat: equal records of another process are another process's.
    private void Recognise(long head)
    {
        var known = Next;
        if (head < known)
        {
            throw new InvalidDataException($"records {head} to {known - 1}, which were durable, are gone.");
        }

        own = head == known ? own : Math.Min(own, known);
    }

    private bool IsRepeat(long expected, JournalEntry[] entries)
    {
        var compared = 0;
        while (compared < entries.Length)
        {
            foreach (var stored in table.ReadPage(expected + compared, expected + entries.Length))
            {
                if (!AppendRules.IsSame(stored, entries[compared]))
                {
                    return false;
                }

                compared++;
            }
        }

        return true;
    }

    private void Stop(List<AppendRequest> batch, Exception cause)
    {
        queue.Abandon(new JournalException(
            JournalFailure.Permanent,
            $"The journal {path} stopped writing after a failure ({cause.Message}) and takes no appends; nothing of this one was "
            + "written. Mend the cause, then restart the node.",
            cause));
        foreach (var request in batch)
        {
            request.Fail(new JournalException(
                JournalFailure.Unknown,
                $"It is unknown whether this append to the journal {path} was written: {cause.Message} "
                + "Check disk space and the disk's health, then restart the node, which reads the journal again.",
                cause));
        }
    }

    /// <summary>What one transaction has come to so far.</summary>
    private struct Tally(long head, long epochStart)
    {
        internal long Head = head;
        internal long EpochStart = epochStart;
        internal long Records;
        internal long Appends;
        internal long Bytes;

        internal void Add(int count, long size)
        {
            Head += count;
            Records += count;
            Appends++;
            Bytes += size;
        }
    }
}
