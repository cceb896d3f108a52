using System.CommandLine;
using System.Text;
using System.Text.Json;
using Nitro.Ports;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro journal tail</c>: what happened last, and what happens.</summary>
internal static class TailCommand
{
    private const long Shown = 20;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>The command.</summary>
    public static Command Create(JournalOptions options)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is written from now on, until Ctrl-C" };
        var channel = new Option<string?>("--channel") { Description = "Only what is about this channel; the id's beginning is enough", HelpName = "id" };
        var objective = new Option<string?>("--objective") { Description = "Only what names this objective", HelpName = "id" };
        var request = new Option<string?>("--request") { Description = "Only what is about this request; a voucher is about all that it pays", HelpName = "id" };
        var from = new Option<long?>("--from") { Description = $"From this position on, in place of the last {Shown} records (with a filter: of the epoch in force)", HelpName = "position" };
        var json = new Option<bool>("--json") { Description = "A JSON object a line, ids in full" };
        return options.Reading(
            new Command("tail", "Tell what the journal says, in words, and follow it live") { follow, channel, objective, request, from, json },
            async (parse, journal, cancellationToken) =>
            {
                var filter = new Filter(parse.GetValue(channel), parse.GetValue(objective), parse.GetValue(request));
                var isFiltered = filter != new Filter(null, null, null);
                var first = parse.GetValue(from) ?? (isFiltered ? journal.Source.EpochStart : journal.Source.Next - Shown);
                var isFollowing = parse.GetValue(follow);
                try
                {
                    var shown = await RunAsync(journal, filter, first, isFollowing, parse.GetValue(json) ? Json : Words, parse.InvocationConfiguration.Output, cancellationToken);
                    if (shown == 0)
                    {
                        await parse.InvocationConfiguration.Error.WriteLineAsync(
                            $"nitro: of the records from {Math.Max(first, journal.Source.First)} on, before {journal.Source.Next}, none is {(isFiltered ? "about that" : "there")}. "
                            + $"{(isFiltered ? "--from 0 looks through all; 'nitro journal at' lists channels" : "Name an earlier position")}.");
                    }
                }
                catch (OperationCanceledException) when (isFollowing && cancellationToken.IsCancellationRequested)
                {
                    // The reader has seen enough.
                }

                return 0;
            });
    }

    /// <summary>How many it has shown.</summary>
    private static async Task<long> RunAsync(
        OpenedJournal journal,
        Filter filter,
        long first,
        bool follow,
        Func<HistoryRecord, JournalRecord, string> line,
        TextWriter output,
        CancellationToken cancellationToken)
    {
        var source = journal.Source;
        var start = await source.OpeningAsync(Math.Max(first, source.First), long.MaxValue, cancellationToken);
        var node = journal.Before(start);
        var shown = 0L;
        using var timer = new PeriodicTimer(LookAgain);
        while (true)
        {
            while (node.Position < source.Next)
            {
                await foreach (var record in source.ReadAsync(node.Position, cancellationToken))
                {
                    var read = journal.Read(node, record);
                    if (record.Position >= first && filter.Takes(read))
                    {
                        await output.WriteLineAsync(line(read, record));
                        shown++;
                    }

                    node = read.Node;
                }
            }

            await output.FlushAsync(cancellationToken);
            if (!follow)
            {
                return shown;
            }

            while (await source.RefreshAsync(cancellationToken) <= node.Position)
            {
                await timer.WaitForNextTickAsync(cancellationToken);
            }
        }
    }

    private static string Words(HistoryRecord read, JournalRecord record) =>
        $"{Wording.Time(record.AtMicros)}  {record.Position,8}  {record.Type,-18}  {Wording.Short(read.Words)}";

    private static string Json(HistoryRecord read, JournalRecord record)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteNumber("position", record.Position);
            json.WriteNumber("at", record.AtMicros);
            json.WriteString("type", record.Type);
            json.WriteNumber("version", record.Version);
            json.WriteString("words", read.Words);
            Texts(json, "channels", read.Channels);
            Texts(json, "objectives", read.Objectives);
            Texts(json, "requests", read.Requests);
            json.WritePropertyName("body");
            json.WriteRawValue(record.Body.Span);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(line.ToArray());
    }

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
