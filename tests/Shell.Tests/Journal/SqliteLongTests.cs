using System.Diagnostics;
using Nitro.Ports;
using Xunit;

namespace Nitro.Shell.Tests.Journal;

[Trait("Suite", "long")]
public sealed class SqliteLongTests : IDisposable
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);

    private readonly JournalFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_million_records_are_opened_and_read_within_20_seconds_and_64_MiB()
    {
        const int Appends = 2_000, Size = 500;
        await using (var journal = await folder.OpenAsync())
        {
            var body = new byte[300];
            for (var i = 0; i < Appends; i++)
            {
                var entries = Enumerable.Range(0, Size).Select(k => new JournalEntry(k, "long.record", 1, body)).ToArray();
                await Samples.Appended(journal, (long)i * Size, entries, (i + 1L) * Size);
            }
        }

        var watch = Stopwatch.StartNew();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await using var reopened = await folder.OpenAsync();
        long count = 0, peak = 0;
        await foreach (var record in reopened.ReadAsync(0, default))
        {
            Assert.Equal(count++, record.Position);
            if (count % 100_000 == 0)
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        Assert.Equal(Appends * Size, count);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Budget);
        Assert.InRange(peak, 0, 64 * 1024 * 1024);
    }
}
