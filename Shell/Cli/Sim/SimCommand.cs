using System.CommandLine;
using Nitro.Simulation;

namespace Nitro.Cli.Sim;

/// <summary><c>nitro sim</c>: whole networks in one process, until a check breaks or the time is up.</summary>
internal static class SimCommand
{
    private const int FewestPeople = 2;
    private const int MostPeople = 7;

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        var seed = new Option<ulong?>("--seed") { Description = "One run of this seed; with --runs or --minutes the first of many", HelpName = "number" };
        var runs = new Option<long>("--runs") { Description = "So many runs, seed after seed", HelpName = "count" };
        var minutes = new Option<double>("--minutes") { Description = "Runs for so long; one minute if nothing else is said", HelpName = "minutes" };
        var nodes = new Option<int>("--nodes") { Description = $"So many nodes, {FewestPeople} to {MostPeople}; drawn from each seed if not given", HelpName = "count" };
        var mallory = new Option<int>("--mallory")
        {
            Description = "So many of them are byzantine; drawn from each seed if not given", HelpName = "count", DefaultValueFactory = _ => -1,
        };
        var faults = new Option<string?>("--faults")
        {
            Description = $"What goes wrong: {string.Join(", ", Simulator.Presets)}; drawn from each seed if not given",
            HelpName = "preset",
        };
        var threads = new Option<int>("--threads") { Description = "Runs at once; as many as there are processors if not given", HelpName = "count" };
        var replay = new Option<FileInfo?>("--replay") { Description = "Play a saved run again, step by step the same", HelpName = "file" };
        var trace = new Option<FileInfo?>("--trace") { Description = "With --replay: write all that happened to this file", HelpName = "file" };
        nodes.Validators.Add(result =>
        {
            // What is no number at all is told by itself.
            if (result.Tokens is [var given] && int.TryParse(given.Value, out var people) && people is not 0 and (< FewestPeople or > MostPeople))
            {
                result.AddError($"--nodes takes {FewestPeople} to {MostPeople}.");
            }
        });
        faults.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && !Simulator.Presets.Contains(name))
            {
                result.AddError($"--faults '{name}' is none of {string.Join(", ", Simulator.Presets)}.");
            }
        });
        var sim = new Command("sim", "Play whole networks in one process, with faults, and check after every step that no money is lost")
        {
            seed, runs, minutes, nodes, mallory, faults, threads, replay, trace,
        };
        sim.SetAction((parse, cancellationToken) =>
        {
            if (parse.GetValue(replay) is { } file)
            {
                return Task.FromResult(SimRun.Replay(file.FullName, parse.GetValue(trace)?.FullName));
            }

            var isOne = parse.GetValue(seed) is not null && parse.GetValue(runs) == 0 && parse.GetValue(minutes) == 0;
            var hasEnd = parse.GetValue(runs) > 0 || parse.GetValue(minutes) > 0 || isOne;
            return SimRun.RunAsync(
                new SimulationRequest
                {
                    FirstSeed = parse.GetValue(seed) ?? Fresh(),
                    Runs = isOne ? 1 : parse.GetValue(runs),
                    Seconds = hasEnd ? parse.GetValue(minutes) * 60 : 60,
                    People = parse.GetValue(nodes),
                    Mallories = parse.GetValue(mallory),
                    Faults = parse.GetValue(faults) ?? string.Empty,
                    Threads = parse.GetValue(threads) > 0 ? parse.GetValue(threads) : Environment.ProcessorCount,
                },
                cancellationToken);
        });
        return sim;
    }

    /// <summary>Others than last time, and short enough to be told to somebody.</summary>
    private static ulong Fresh() => (ulong)Random.Shared.NextInt64(1_000_000, 1_000_000_000);
}
