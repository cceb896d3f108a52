using Spectre.Console;

namespace Nitro.Cli.Journal;

/// <summary>How far a command is that goes through a journal: a bar on a terminal, on standard error; nothing elsewhere.</summary>
internal static class Progress
{
    private const long Every = 512;

    /// <summary>Runs something that says now and then how many of the records it has done.</summary>
    public static async Task<T> ShowAsync<T>(string what, long records, Func<Action<long>, Task<T>> run)
    {
        if (Console.IsErrorRedirected || records < Every)
        {
            return await run(_ => { });
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 32 }, new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(what), maxValue: Math.Max(1, records));
                var shown = 0L;
                return await run(done =>
                {
                    if (done - shown >= Every)
                    {
                        bar.Value = shown = done;
                        bar.Description = Markup.Escape($"{what}: {done:N0} of {records:N0} records");
                    }
                });
            });
    }
}
