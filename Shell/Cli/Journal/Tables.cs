using Spectre.Console;

namespace Nitro.Cli.Journal;

/// <summary>Writes a table where output goes: in colour on a terminal, as plain text elsewhere.</summary>
internal static class Tables
{
    private const int Width = 120;

    public static void Write(TextWriter output, Table table)
    {
        if (ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected)
        {
            AnsiConsole.Write(table);
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = Width;
        console.Write(table);
    }
}
