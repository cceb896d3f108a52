using System.Diagnostics;
using Nitro.Simulation;
using Spectre.Console;

namespace Nitro.Cli.Sim;

/// <summary>How far the simulator is: a bar on a terminal, a line now and then elsewhere.</summary>
internal sealed class SimProgress(SimulationRequest request, Totals totals, Stopwatch watch)
{
    private static readonly TimeSpan _lineEvery = TimeSpan.FromSeconds(10);
    private volatile string _shrinking = string.Empty;

    /// <summary>A failure is about to be made smaller.</summary>
    public void Shrinking(ulong seed, string finding)
    {
        var end = finding.IndexOf('\n', StringComparison.Ordinal);
        _shrinking = $"seed {seed} broke a check: {(end < 0 ? finding : finding[..end])}; looking for a smaller story";
    }

    /// <summary>Shows until <paramref name="running"/> is over.</summary>
    public Task ShowAsync(Task running, TimeSpan between) =>
        Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive ? LinesAsync(running) : BarAsync(running, between);

    private async Task LinesAsync(Task running)
    {
        while (await Task.WhenAny(running, Task.Delay(_lineEvery)) != running)
        {
            await Console.Error.WriteLineAsync($"{watch.Elapsed.TotalSeconds,6:F0} s  {Words()}");
        }
    }

    private Task BarAsync(Task running, TimeSpan between) =>
        AnsiConsole.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new ProgressBarColumn { Width = 24 }, new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async context =>
            {
                var bar = context.AddTask(string.Empty);
                bar.IsIndeterminate = request.Runs == 0 && request.Seconds == 0;
                while (await Task.WhenAny(running, Task.Delay(between)) != running)
                {
                    bar.Value = 100 * Share();
                    bar.Description = Markup.Escape(_shrinking.Length > 0 ? _shrinking : Words());
                }
            });

    private double Share() =>
        request.Seconds > 0 ? Math.Min(1, watch.Elapsed.TotalSeconds / request.Seconds) : request.Runs > 0 ? (double)totals.Runs / request.Runs : 0;

    private string Words()
    {
        var seconds = Math.Max(0.001, watch.Elapsed.TotalSeconds);
        return $"{totals.Runs:N0} runs, {totals.Steps:N0} steps ({totals.Steps / seconds:N0}/s), {totals.Distinct:N0} shapes of channels, "
            + $"{totals.Simulated.TotalHours:N1} h simulated";
    }
}
