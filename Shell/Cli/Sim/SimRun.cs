using System.Diagnostics;
using System.Globalization;
using Nitro.Simulation;
using Spectre.Console;

namespace Nitro.Cli.Sim;

/// <summary>Runs the simulator with its progress, and tells the verdict.</summary>
internal static class SimRun
{
    private const int Found = 1;
    private const int BadFile = 2;
    private const int Interrupted = 130;
    private static readonly TimeSpan _between = TimeSpan.FromMilliseconds(500);

    /// <summary>Exit code 0: nothing was found.</summary>
    public static async Task<int> RunAsync(SimulationRequest request, CancellationToken cancellationToken)
    {
        var totals = new Totals();
        var watch = Stopwatch.StartNew();
        var view = new SimProgress(request, totals, watch);
        var running = Simulator.RunAsync(request, totals, view.Shrinking, cancellationToken);
        await view.ShowAsync(running, _between);
        var failure = await running;
        SimReport.Write(totals, watch.Elapsed, request.FirstSeed);
        if (failure is not null)
        {
            Tell(failure);
            return Found;
        }

        if (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("nitro: interrupted; nothing was found so far.");
            return Interrupted;
        }

        AnsiConsole.MarkupLine("[green]Every check held after every step.[/]");
        return 0;
    }

    /// <summary>Plays a saved run again.</summary>
    public static int Replay(string path, string? trace)
    {
        var totals = new Totals();
        var watch = Stopwatch.StartNew();
        if (!Simulator.TryReplay(path, totals, out var failure, out var commit, out var error))
        {
            Console.Error.WriteLine($"nitro: {error}");
            return BadFile;
        }

        SimReport.Write(totals, watch.Elapsed, null);
        if (failure is null)
        {
            AnsiConsole.MarkupLine(
                $"[green]Every check held.[/] The run was saved with commit {Markup.Escape(commit)}; this is {Markup.Escape(Commit.Current())}. Other sources, another run.");
            return 0;
        }

        if (trace is not null)
        {
            File.WriteAllLines(trace, failure.Trace);
        }

        foreach (var line in failure.Tale)
        {
            Console.WriteLine(line);
        }

        return Found;
    }

    private static void Tell(Failure failure)
    {
        var file = $"nitro-sim-{failure.Seed.ToString(CultureInfo.InvariantCulture)}.json";
        failure.Save(file, Commit.Current());
        AnsiConsole.MarkupLine($"[red]Seed {failure.Seed} broke a check[/] after {failure.StepsBefore:N0} steps, commit {Markup.Escape(Commit.Current())}.");
        AnsiConsole.MarkupLine($"[grey]Made smaller in {failure.Trials} runs: {failure.Steps:N0} steps. The story:[/]");
        foreach (var line in failure.Tale)
        {
            Console.WriteLine(line);
        }

        Console.WriteLine($"Again: ./nitro sim --replay {file}");
    }
}
