using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

/// <summary>Entries, no two alike, and short ways to append and read them.</summary>
internal static class Samples
{
    private static long made;

    internal static JournalEntry One()
    {
        var number = Interlocked.Increment(ref made);
        var body = new byte[number % 90];
        new Random((int)number).NextBytes(body);
        return new JournalEntry(1_700_000_000_000_000 + number, "sample." + (number % 7), (int)(number % 3) + 1, body);
    }

    internal static JournalEntry[] Make(int count) => [.. Enumerable.Range(0, count).Select(_ => One())];

    internal static Task<AppendResult> Append(IJournal journal, long expected, params JournalEntry[] entries) =>
        journal.AppendAsync(expected, entries, default).AsTask();

    internal static async Task Appended(IJournal journal, long expected, JournalEntry[] entries, long next) =>
        Assert.Equal(new AppendResult(AppendOutcome.Appended, next), await Append(journal, expected, entries));

    internal static Task<List<JournalRecord>> Read(IJournal journal, long from = 0) => Collect(journal.ReadAsync(from, default));

    internal static async Task<List<JournalRecord>> Collect(IAsyncEnumerable<JournalRecord> records)
    {
        var list = new List<JournalRecord>();
        await foreach (var record in records)
        {
            list.Add(record);
        }

        return list;
    }

    internal static async Task Holds(IJournal journal, IReadOnlyList<JournalEntry> entries) => Same(entries, await Read(journal));

    internal static void Same(IReadOnlyList<JournalEntry> entries, List<JournalRecord> records)
    {
        Assert.Equal(entries.Count, records.Count);
        for (var i = 0; i < records.Count; i++)
        {
            Assert.Equal(i, records[i].Position);
            Assert.True(IsSame(entries[i], records[i]), $"record {i} differs");
        }
    }

    internal static bool IsSame(JournalEntry entry, JournalRecord record) =>
        (entry.AtMicros, entry.Type, entry.Version) == (record.AtMicros, record.Type, record.Version)
        && entry.Body.Span.SequenceEqual(record.Body.Span);
}
