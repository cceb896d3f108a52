using Nitro.Simulation;
using Spectre.Console;

namespace Nitro.Cli.Sim;

/// <summary>What the runs came to.</summary>
internal static class SimReport
{
    /// <summary>Writes the table; <paramref name="firstSeed"/> is told where there is one.</summary>
    public static void Write(Totals totals, TimeSpan elapsed, ulong? firstSeed)
    {
        var seconds = Math.Max(0.001, elapsed.TotalSeconds);
        var table = new Table().AddColumn("What").AddColumn(new TableColumn("Count").RightAligned());
        table.AddRow("runs", $"{totals.Runs:N0}");
        if (firstSeed is { } seed)
        {
            table.AddRow("first seed", seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        table.AddRow("steps, all and median of a run", $"{totals.Steps:N0}, {totals.MedianSteps:N0}");
        table.AddRow("of them decided by nodes, facts written", $"{totals.CoreSteps:N0}, {totals.Facts:N0}");
        table.AddRow("steps a second, runs a minute", $"{totals.Steps / seconds:N0}, {60 * totals.Runs / seconds:N0}");
        table.AddRow("simulated time, times as fast as real", $"{totals.Simulated.TotalHours:N1} h, {totals.Simulated.TotalSeconds / seconds:N0}");
        table.AddRow("shapes of channels met", $"{totals.Distinct:N0}");
        table.AddEmptyRow();
        foreach (var (name, count) in totals.Tally)
        {
            table.AddRow(Markup.Escape(name), $"{count:N0}");
        }

        AnsiConsole.Write(table);
    }
}
