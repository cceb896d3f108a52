using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Nitro.Journal;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro journal bundle</c>: what somebody else needs to see what this node saw, and no secret.</summary>
internal static class BundleCommand
{
    private const int LogLines = 5_000;

    /// <summary>The command.</summary>
    public static Command Create(JournalOptions options)
    {
        var file = new Argument<FileInfo>("file") { Description = "The file to make; with .gz at its end it is compressed" };
        var all = new Option<bool>("--all") { Description = "All epochs that are there, not the one in force alone" };
        var log = new Option<FileInfo?>("--log") { Description = $"A log of the node; its last {LogLines:N0} lines go with it, without what could be secret", HelpName = "file" };
        return options.Reading(
            new Command("bundle", "Pack the journal, settings and versions for support; 'verify', 'at' and 'why' read it on any machine") { file, all, log },
            async (parse, opened, cancellationToken) =>
            {
                var source = opened.Source;
                var from = parse.GetValue(all) ? source.First : Math.Max(source.First, source.EpochStart);
                var path = parse.GetRequiredValue(file).FullName;
                var notes = Notes(options, parse, opened);
                notes.AddRange(await LogAsync(parse.GetValue(log), cancellationToken));
                await Progress.ShowAsync("packing", source.Next - from, async progress =>
                {
                    await PackAsync(opened, from, path, notes, progress, cancellationToken);
                    return 0;
                });
                await parse.InvocationConfiguration.Output.WriteLineAsync(
                    $"{source.Next - from} records from {from} on are in {path}. Whoever has it sees this node's peers, channels and balances, but no key, token or password.");
                return 0;
            });
    }

    private static async Task PackAsync(
        OpenedJournal opened, long from, string path, List<JournalNote> notes, Action<long> progress, CancellationToken cancellationToken)
    {
        var source = opened.Source;
        var head = new JournalFileHead(source.Owner, from, source.EpochStart, source.Next);
        if (source.Next > from)
        {
            var fold = await Fold.ToAsync(opened, Moment.Now, progress, cancellationToken);
            notes.Add(Note(Verification.StateNote, json => json.WriteStringValue(Convert.ToHexStringLower(NodeHistory.Digest(fold.Node).Span))));
        }

        using var writer = JournalFileWriter.Create(path, head);
        foreach (var note in notes)
        {
            writer.Add(note);
        }

        await writer.AddAllAsync(source, from, progress, cancellationToken);
        writer.Complete();
    }

    private static List<JournalNote> Notes(JournalOptions options, ParseResult parse, OpenedJournal opened)
    {
        var notes = new List<JournalNote>
        {
            Note("about", json =>
            {
                json.WriteStartObject();
                json.WriteString("version", Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
                json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
                json.WriteString("system", RuntimeInformation.OSDescription);
                json.WriteString("architecture", RuntimeInformation.ProcessArchitecture.ToString());
                json.WriteEndObject();
            }),
        };
        if (options.TenantOf(parse)?.SettingsOf(opened.Source.Owner) is { } settings)
        {
            notes.Add(new JournalNote(OpenedJournal.SettingsNote, settings));
        }

        return notes;
    }

    private static async Task<IEnumerable<JournalNote>> LogAsync(FileInfo? log, CancellationToken cancellationToken)
    {
        if (log is null)
        {
            return [];
        }

        try
        {
            var last = new Queue<string>();
            await foreach (var line in File.ReadLinesAsync(log.FullName, cancellationToken))
            {
                last.Enqueue(line);
                if (last.Count > LogLines)
                {
                    last.Dequeue();
                }
            }

            return last.Select(line => Note("log", json => json.WriteStringValue(Redaction.Of(line))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliError($"The log {log.FullName} cannot be read: {e.Message}", e);
        }
    }

    private static JournalNote Note(string name, Action<Utf8JsonWriter> write)
    {
        using var content = new MemoryStream();
        using (var json = new Utf8JsonWriter(content))
        {
            write(json);
        }

        return new JournalNote(name, content.ToArray());
    }
}
