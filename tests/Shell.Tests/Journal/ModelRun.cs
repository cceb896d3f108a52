using Nitro.Journal;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

/// <summary>One run of random operations, given by its seed, on a journal and on a list that says what must come out.</summary>
internal sealed class ModelRun(int seed, Func<Task<(IJournal Journal, Func<Task<IJournal>> Reopen)>> open) : IAsyncDisposable
{
    private readonly Random random = new(seed);
    private readonly List<JournalEntry> model = [];
    private IJournal? journal;
    private long epochStart;

    internal async Task RunAsync(int operations)
    {
        var (first, reopen) = await open();
        journal = first;
        for (var i = 0; i < operations; i++)
        {
            switch (random.Next(10))
            {
                case 0:
                    await journal.DisposeAsync();
                    journal = await reopen();
                    break;
                case 1:
                    var from = random.Next(model.Count + 3);
                    Assert.Equal(Math.Max(0, model.Count - from), (await Samples.Read(journal, from)).Count);
                    break;
                case 2:
                    var (at, large) = (model.Count, Samples.Make(random.Next(500, 1500)));
                    model.AddRange(large);
                    Check(AppendOutcome.Appended, await Samples.Append(journal, at, large));
                    break;
                case 3:
                    var opening = Samples.Make(random.Next(1, 600));
                    Check(AppendOutcome.Conflict, await journal.OpenEpochAsync(model.Count + 1, opening, default));
                    epochStart = model.Count;
                    model.AddRange(opening);
                    Check(AppendOutcome.Appended, await journal.OpenEpochAsync(epochStart, opening, default));
                    break;
                default:
                    await AppendAsync(journal);
                    break;
            }

            Assert.Equal((model.Count, epochStart), (journal.Next, journal.EpochStart));
        }

        await Samples.Holds(journal, model);
    }

    public ValueTask DisposeAsync() => journal?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task AppendAsync(IJournal target)
    {
        // Part old, part new: only wholly new at the head, or wholly old, may succeed.
        var expected = random.Next(3) == 0 ? random.Next(model.Count + 3) : model.Count;
        var old = model.Skip(expected).Take(random.Next(4));
        JournalEntry[] entries = [.. old, .. Samples.Make(random.Next(old.Any() ? 2 : 1, 5) - 1)];
        if (entries.Length == 0)
        {
            entries = Samples.Make(1);
        }

        var isRepeat = expected + entries.Length <= model.Count
            && entries.Zip(model.Skip(expected)).All(p => p.First.Equals(p.Second));
        var outcome = expected == model.Count || isRepeat ? AppendOutcome.Appended : AppendOutcome.Conflict;
        if (expected == model.Count)
        {
            model.AddRange(entries);
        }

        Check(outcome, await Samples.Append(target, expected, entries));
    }

    private void Check(AppendOutcome outcome, AppendResult result) =>
        Assert.Equal((seed, outcome, model.Count), (seed, result.Outcome, (int)result.Next));
}
