using System.CommandLine;
using System.Text;
using System.Text.Json;
using Nitro.Cli.Rpc;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro journal at</c>: what the node was at a moment.</summary>
internal static class AtCommand
{
    private static readonly (string Title, string Field)[] Sections =
    [
        ("Balances, ours", "Balances"), ("Ledger channels", "Ledgers"), ("Payment channels", "Payments"), ("Objectives under way", "Objectives"), ("Promises not yet kept", "Outbox"),
    ];

    /// <summary>The command.</summary>
    public static Command Create(JournalOptions options)
    {
        var when = new Argument<string>("moment")
        {
            Description = "After the record at this position, or after all up to this time (2026-11-22T12:28:31Z); without it: now",
            DefaultValueFactory = _ => string.Empty,
        };
        var json = new Option<bool>("--json") { Description = "All of it as JSON, also what is over" };
        return options.Reading(
            new Command("at", "Show channels, objectives, promises and balances as they were") { when, json },
            async (parse, journal, cancellationToken) =>
            {
                var text = parse.GetValue(when)!;
                var moment = Moment.Now;
                if (text.Length > 0 && !Moment.TryParse(text, out moment))
                {
                    throw new CliError($"'{text}' is neither a position nor a time. Give 418, or 2026-11-22T12:28:31Z.");
                }

                if (moment.UpTo < long.MaxValue && moment.UpTo >= journal.Source.Next)
                {
                    throw new CliError($"There is no record {moment.UpTo} yet: {journal.Source.Title} ends before record {journal.Source.Next}.");
                }

                var fold = await Progress.ShowAsync(
                    "reading",
                    Math.Min(moment.UpTo, journal.Source.Next) - journal.Source.First,
                    progress => Fold.ToAsync(journal, moment, progress, cancellationToken));
                await WriteAsync(parse.InvocationConfiguration.Output, journal.Source, fold, parse.GetValue(json));
                return 0;
            });
    }

    private static async Task WriteAsync(TextWriter output, IJournalSource source, Fold fold, bool isJson)
    {
        var picture = NodeHistory.Picture(fold.Node);
        if (isJson)
        {
            await output.WriteLineAsync(Encoding.UTF8.GetString(picture.Span));
            return;
        }

        using var document = JsonDocument.Parse(Wording.Short(Encoding.UTF8.GetString(picture.Span)));
        var root = document.RootElement;
        await output.WriteLineAsync(
            $"{source.Owner} after record {fold.Node.Position - 1} of {Wording.Time(fold.AtMicros)}, epoch {fold.Node.Epoch}");
        await output.WriteLineAsync($"digest of the state {Convert.ToHexStringLower(NodeHistory.Digest(fold.Node).Span)}");
        foreach (var (title, field) in Sections)
        {
            var all = root.GetProperty(field).EnumerateArray().ToArray();
            JsonElement[] shown = [.. all.Where(IsAlive)];
            await output.WriteLineAsync();
            await output.WriteLineAsync(shown.Length == all.Length ? title : $"{title} (and {all.Length - shown.Length} that are over)");
            foreach (var line in ResultText.Lines(JsonSerializer.SerializeToElement(shown)))
            {
                await output.WriteLineAsync($"  {line}");
            }
        }
    }

    private static bool IsAlive(JsonElement item) =>
        !item.TryGetProperty("Status", out var status) || status.GetString() is not ("Complete" or "Completed" or "Rejected");
}
