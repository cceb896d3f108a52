using System.Globalization;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary>One channel's facts in order, with what was awaited between them and how long promises took.</summary>
/// <param name="journal">Whose facts.</param>
/// <param name="wanted">A channel's or an objective's id, or the beginning of one.</param>
/// <param name="write">How ids are written.</param>
/// <param name="output">Where it is told.</param>
internal sealed class ChannelStory(OpenedJournal journal, string wanted, Func<string, string> write, TextWriter output)
{
    private readonly Filter filter = wanted.Contains('-', StringComparison.Ordinal) ? new Filter(wanted[(wanted.IndexOf('-', StringComparison.Ordinal) + 1)..], null, null) : new Filter(wanted, null, null);
    private readonly Dictionary<long, long> promised = [];
    private string? channel;
    private string awaited = string.Empty;
    private long told;
    private long lastMicros = -1;

    /// <summary>Tells it from the first record that is there.</summary>
    /// <exception cref="CliError">No record is about it, or the beginning is that of several.</exception>
    /// <exception cref="JournalException">A record is damaged.</exception>
    public async Task TellAsync(CancellationToken cancellationToken)
    {
        var source = journal.Source;
        var node = journal.Before(source.First);
        await foreach (var record in source.ReadAsync(source.First, cancellationToken))
        {
            var read = journal.Read(node, record);
            if (channel is not null && record.AtMicros != lastMicros)
            {
                await AwaitAsync(node);
            }

            if (filter.Takes(read))
            {
                await TellAsync(read, record);
            }

            (node, lastMicros) = (read.Node, record.AtMicros);
        }

        if (channel is null)
        {
            throw new CliError($"No record of {source.Title} is about '{wanted}'. List the channels with 'nitro journal at'; earlier epochs may be in an archive (--archive).");
        }

        await AwaitAsync(node);
        await output.WriteLineAsync($"{told} facts. {(awaited.Length > 0 ? "It goes on when that has happened." : "Nothing is awaited.")}");
    }

    private async Task TellAsync(HistoryRecord read, JournalRecord record)
    {
        Know(read);
        var took = string.Empty;
        if (read.IsPromise)
        {
            promised[record.Position] = record.AtMicros;
        }
        else if (promised.Remove(read.Finishes, out var since))
        {
            took = string.Create(CultureInfo.InvariantCulture, $", after {(record.AtMicros - since) / 1e6:0.000} s");
        }

        await output.WriteLineAsync($"{Wording.Time(record.AtMicros)}  {record.Position,8}  {write(read.Words)}{took}");
        told++;
    }

    /// <summary>A beginning must be the beginning of one channel's id.</summary>
    private void Know(HistoryRecord read)
    {
        var beginning = filter.Channel!.TrimEnd('…');
        foreach (var id in read.Channels.Where(id => id.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)))
        {
            if (channel is not null && channel != id)
            {
                throw new CliError($"'{wanted}' is the beginning of {channel} and of {id}: give more of it.");
            }

            channel = id;
        }
    }

    private async Task AwaitAsync(NodeHandle node)
    {
        var now = string.Join("; ", NodeHistory.Awaited(node, channel!));
        if (now != awaited && now.Length > 0)
        {
            await output.WriteLineAsync($"{string.Empty,38}… waits for {write(now)}");
        }

        awaited = now;
    }
}
