using Nitro.Journal;
using Nitro.Ports;

namespace Nitro.Shell.Tests.Worker;

/// <summary>
/// Appends for ever and prints the head after each acknowledged append. An append of n records at position p carries p as
/// its time, n as its version, and bodies made from their positions, so that a reader can tell a torn one. On demand every
/// third append opens an epoch, and is larger than any other could be.
/// </summary>
public static class JournalAppender
{
    /// <summary>Records of an epoch's opening.</summary>
    public const int Opening = 3_000;

    public static async Task<int> RunAsync(string path, string owner, int seed, bool opensEpochs)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, _) => stop.Cancel();
        try
        {
            await using var journal = await SqliteJournal.OpenAsync(
                new SqliteJournalOptions { Path = path, Owner = owner }, stop.Token);
            var random = new Random(seed);
            await Console.Out.WriteLineAsync($"open {journal.Next}");
            for (var i = 1; ; i++)
            {
                var result = opensEpochs && i % 3 == 0
                    ? await journal.OpenEpochAsync(journal.Next, Entries(journal.Next, Opening), stop.Token)
                    : await journal.AppendAsync(journal.Next, Entries(journal.Next, random.Next(1, 12)), stop.Token);
                await Console.Out.WriteLineAsync($"{result.Outcome} {result.Next}");
                await Console.Out.FlushAsync(stop.Token);
            }
        }
        catch (JournalException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }

    public static JournalEntry[] Entries(long position, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new JournalEntry(position, "worker.record", count, Body(position + i)))];

    public static byte[] Body(long position)
    {
        var body = new byte[40 + (position % 700)];
        new Random((int)position).NextBytes(body);
        return body;
    }
}
