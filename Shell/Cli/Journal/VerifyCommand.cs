using System.CommandLine;
using System.Text.Json;
using Nitro.Cli.Rpc;
using Spectre.Console;

namespace Nitro.Cli.Journal;

/// <summary><c>nitro journal verify</c>.</summary>
internal static class VerifyCommand
{
    /// <summary>The command.</summary>
    public static Command Create(JournalOptions options) => options.Reading(
        new Command("verify", "Check every record, every signature and every law of the fold; a node may be at work meanwhile"),
        async (parse, journal, cancellationToken) =>
        {
            var source = journal.Source;
            var report = await Progress.ShowAsync(
                "verifying", source.Next - source.First, progress => Verification.RunAsync(journal, progress, cancellationToken));
            Write(parse.InvocationConfiguration.Output, source, report);
            await TellAsync(parse.InvocationConfiguration, source, report);
            return report.FindingCount == 0 ? 0 : 1;
        });

    private static void Write(TextWriter output, IJournalSource source, VerifyReport report)
    {
        var table = new Table().AddColumn("What").AddColumn(new TableColumn("Found").RightAligned());
        table.AddRow("journal of", source.Owner);
        table.AddRow("records", $"{report.Records:N0}");
        table.AddRow("positions", report.Records == 0 ? "none" : $"{source.First} to {report.Node.Position - 1}");
        table.AddRow("epochs opened, compared with all before", $"{report.Openings:N0}, {report.Compared:N0}");
        using (var picture = JsonDocument.Parse(NodeHistory.Picture(report.Node)))
        {
            var root = picture.RootElement;
            table.AddRow("ledger channels, open", Count(root, "Ledgers"));
            table.AddRow("payment channels, open", Count(root, "Payments"));
            table.AddRow("objectives, under way", $"{root.GetProperty("Objectives").GetArrayLength():N0}, {report.Node.OpenObjectives:N0}");
            table.AddRow("promises not yet kept", $"{report.Node.UnfinishedCount:N0}");
        }

        table.AddRow("digest of the state", Convert.ToHexStringLower(NodeHistory.Digest(report.Node).Span));
        table.AddEmptyRow();
        foreach (var (type, count) in report.Types)
        {
            table.AddRow(Markup.Escape(Wording.Plain(type)), $"{count:N0}");
        }

        Tables.Write(output, table);
    }

    private static string Count(JsonElement root, string name)
    {
        var all = root.GetProperty(name);
        return $"{all.GetArrayLength():N0}, {all.EnumerateArray().Count(channel => channel.GetProperty("Status").GetString() is "Open" or "Closing"):N0}";
    }

    private static async Task TellAsync(InvocationConfiguration streams, IJournalSource source, VerifyReport report)
    {
        if (report.FindingCount == 0)
        {
            await streams.Output.WriteLineAsync("Everything holds.");
            return;
        }

        foreach (var finding in report.Findings)
        {
            await streams.Error.WriteLineAsync($"nitro: {Wording.Plain(finding)}");
        }

        var more = report.FindingCount > report.Findings.Count ? $" The first {report.Findings.Count} are above." : string.Empty;
        await streams.Error.WriteLineAsync(
            $"nitro: {source.Title} is not sound: {report.FindingCount} findings.{more} Keep it as it is, restore a backup, and report it.");
    }
}
