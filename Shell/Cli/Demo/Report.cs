using System.Globalization;
using Spectre.Console;

namespace Nitro.Cli.Demo;

/// <summary>Collects what the summary tells.</summary>
internal sealed class Report
{
    private readonly List<(string Step, TimeSpan Time)> _steps = [];
    private readonly List<(string What, string Value)> _figures = [];

    /// <summary>A step's time.</summary>
    public void Step(string title, TimeSpan time) => _steps.Add((title, time));

    /// <summary>A figure that was measured.</summary>
    public void Figure(string what, FormattableString value) => _figures.Add((what, value.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Prints the table.</summary>
    public void Write(IAnsiConsole console)
    {
        var table = new Table().Border(console.Profile.Capabilities.Unicode ? TableBorder.Rounded : TableBorder.Ascii);
        table.AddColumn("What");
        table.AddColumn(new TableColumn("Measured").RightAligned());
        foreach (var (step, time) in _steps)
        {
            table.AddRow(Markup.Escape(step), string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s"));
        }

        var total = _steps.Aggregate(TimeSpan.Zero, (sum, step) => sum + step.Time);
        table.AddRow("all steps", string.Create(CultureInfo.InvariantCulture, $"{total.TotalSeconds:0.00} s"));
        table.AddEmptyRow();
        foreach (var (what, value) in _figures)
        {
            table.AddRow(Markup.Escape(what), Markup.Escape(value));
        }

        console.Write(table);
    }
}
