using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Host.Loop;

/// <summary>
/// The only way from events to effects: step in memory, append all records together, publish the state, and only then release
/// effects, replies, answers and notifications. No exceptions to this order. Used by one loop.
/// </summary>
internal sealed class Turn(IJournal journal, NodeHandle start, EventClock clock, IRelease release, Counters counters)
{
    private readonly List<(Mail Mail, StepResult Step)> steps = [];
    private readonly List<JournalEntry> entries = [];
    private NodeHandle published = start;
    private long position = start.Position;
    private long bytes;

    /// <summary>The newest state whose records are all durable.</summary>
    internal NodeHandle Node => Volatile.Read(ref published);

    /// <summary>Steps all events and makes them durable, in as few appends as fit, never splitting a step, however large it is.</summary>
    /// <exception cref="BrokenException">A bug of ours. What was not appended yet did not happen.</exception>
    /// <exception cref="JournalException">The store cannot say what happened.</exception>
    /// <exception cref="TenantStoppedException">Another writer lives.</exception>
    internal async Task RunAsync(IReadOnlyList<Mail> mails)
    {
        var node = Node;
        foreach (var mail in mails)
        {
            var at = clock.Next();
            var step = NitroCore.Step(node, at, mail.Event);
            counters.Steps++;
            var size = step.Records.Sum(Size);
            if (entries.Count > 0 && (entries.Count + step.Records.Count > AppendRules.EnoughRecords || bytes + size > AppendRules.EnoughBytes))
            {
                await CommitAsync();
            }

            steps.Add((mail, step));
            entries.AddRange(step.Records.Select(record => new JournalEntry(at, record.Type, record.Version, record.Body)));
            bytes += size;
            node = step.Node;
        }

        await CommitAsync();
        counters.Turned++;
    }

    /// <summary>Appends the opening of an epoch, made of <see cref="Node"/>, all of it or nothing. Never beside <see cref="RunAsync"/>.</summary>
    /// <exception cref="JournalException">The store cannot say what happened.</exception>
    /// <exception cref="TenantStoppedException">Another writer lives.</exception>
    internal async Task OpenEpochAsync(EpochOpening opening)
    {
        var at = clock.Next();
        JournalEntry[] records = [.. opening.Records.Select(record => new JournalEntry(at, record.Type, record.Version, record.Body))];
        var result = await journal.OpenEpochAsync(position, records, CancellationToken.None);
        Check(result.Outcome);
        position = opening.Node.Position;
        Volatile.Write(ref published, opening.Node);
    }

    private static long Size(CoreRecord record) => record.Type.Length + record.Body.Length;

    private async Task CommitAsync()
    {
        if (entries.Count > 0)
        {
            // Never cancelled: once it has begun, only the answer tells what is durable.
            using (Tracing.Source.StartActivity("append"))
            {
                var result = await journal.AppendAsync(position, entries, CancellationToken.None);
                Check(result.Outcome);
            }

            position += entries.Count;
        }

        if (steps.Count > 0)
        {
            Volatile.Write(ref published, steps[^1].Step.Node);
        }

        Release();
        steps.Clear();
        entries.Clear();
        bytes = 0;
    }

    private void Release()
    {
        using var tracing = entries.Count > 0 ? Tracing.Source.StartActivity("release") : null;
        foreach (var (mail, step) in steps)
        {
            release.Release(mail, step);
        }
    }

    private void Check(AppendOutcome outcome)
    {
        if (outcome != AppendOutcome.Appended)
        {
            throw new TenantStoppedException(
                $"The journal is not at position {position} any more: another writer lives{(journal.Rival is { } rival ? $" ({rival})" : "")}. "
                + "Nothing of this turn was released. "
                + "Find and stop the other process, check that no journal was copied, then restart this node.");
        }
    }
}
