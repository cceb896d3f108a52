using System.Globalization;
using Spectre.Console;

namespace Nitro.Cli.Demo;

/// <summary>Bars and spinners on a terminal.</summary>
internal sealed class LiveView : IDemoView
{
    private ProgressContext? _context;

    /// <inheritdoc/>
    public Task RunAsync(Func<Task> story) =>
        AnsiConsole.Progress()
            .AutoClear(false)
            .HideCompleted(false)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 }, new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                _context = context;
                return story();
            });

    /// <inheritdoc/>
    public IStepView Begin(string title)
    {
        var context = _context ?? throw new InvalidOperationException("A step begins before the story.");
        return new Step(title, context.AddTask(Markup.Escape(title)).IsIndeterminate());
    }

    private sealed class Step(string title, ProgressTask task) : IStepView
    {
        private const int MostCharacters = 60;

        public void Waiting(string what) =>
            task.Description = $"{Markup.Escape(title)} [grey]{Markup.Escape(what.Length > MostCharacters ? what[..MostCharacters] : what)}[/]";

        public void Progress(int done, int total)
        {
            task.IsIndeterminate = false;
            task.MaxValue = total;
            task.Value = Math.Max(task.Value, done);
        }

        public void End(bool succeeded, TimeSpan time, string outcome)
        {
            var words = outcome.Length > 0 ? $" [grey]{Markup.Escape(outcome)}[/]" : string.Empty;
            task.Description = succeeded ? $"[green]✓[/] {Markup.Escape(title)}{words}" : $"[red]✗ {Markup.Escape(title)}[/]{words}";
            task.IsIndeterminate = false;
            task.Value = succeeded ? task.MaxValue : task.Value;
            task.StopTask();
        }
    }
}
