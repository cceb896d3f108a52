using System.CommandLine;
using Nitro.EventStore.Connection;
using Spectre.Console;

namespace Nitro.Cli.Demo;

/// <summary><c>nitro demo</c>: the whole story on a chain of its own.</summary>
internal static class DemoCommand
{
    private const int LogLines = 12;
    private const int Interrupted = 130;

    /// <summary>The command with its options.</summary>
    public static Command Create()
    {
        var payments = new Option<int>("--payments") { Description = "How many payments Alice makes to Bob", HelpName = "count", DefaultValueFactory = _ => 1_000 };
        payments.Validators.Add(result =>
        {
            // What is no number at all is told by itself.
            if (result.Tokens is [var given] && int.TryParse(given.Value, out var count) && count is < 1 or > 1_000_000)
            {
                result.AddError("--payments takes 1 to 1000000.");
            }
        });
        var ledgersOnly = new Option<bool>("--ledgers-only") { Description = "Open and close the ledger channels, and pay nothing" };
        var remoteSigner = new Option<bool>("--remote-signer") { Description = "No node holds a key: each has a signer in a process of its own, and things go wrong with the signers too" };
        var journal = new Option<string?>("--journal") { Description = "Keep the nodes' journals there, esdb://...: each has a stream of its own, which stays on the server", HelpName = "store" };
        journal.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } store && Refusal(store) is { } refusal)
            {
                result.AddError(refusal);
            }
        });
        var keep = new Option<bool>("--keep") { Description = "Leave the temporary folder with journals, keys and logs" };
        var demo = new Command("demo", "Play the whole story on a chain of its own, three nodes over TCP: fund, pay, kill -9, cut a link, carry on, close, check every wei")
        {
            payments, ledgersOnly, remoteSigner, journal, keep,
        };
        demo.SetAction((parse, cancellationToken) => RunAsync(
            new DemoOptions(parse.GetValue(payments), parse.GetValue(ledgersOnly), parse.GetValue(remoteSigner), parse.GetValue(journal), parse.GetValue(keep)), cancellationToken));
        return demo;
    }

    /// <summary>Said before anything is started.</summary>
    private static string? Refusal(string store)
    {
        if (!EventStoreSettings.IsConnectionString(store))
        {
            return "--journal takes a connection string of EventStoreDB, esdb://...; without it the journals are files.";
        }

        try
        {
            EventStoreSettings.Parse(store);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        var folder = DemoFolder.Create();
        var report = new Report();
        IDemoView view = Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive ? new PlainView(Console.Out) : new LiveView();
        try
        {
            var made = await PlayAsync(options, folder, report, view, cancellationToken);
            report.Write(AnsiConsole.Console);
            Console.WriteLine($"All {made} checks hold.");
            End(folder, options.Keep);
            return 0;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"nitro: interrupted; nothing is left running. What was written so far is in {folder.Root}");
            return Interrupted;
        }
        catch (CliError problem)
        {
            await Console.Error.WriteLineAsync($"nitro: the demo failed. {problem.Message}");
            foreach (var log in folder.Logs)
            {
                var tail = await DemoFolder.TailAsync(log, LogLines, CancellationToken.None);
                await Console.Error.WriteLineAsync($"The last of {log}:\n  {string.Join("\n  ", tail)}");
            }

            await Console.Error.WriteLineAsync($"Nothing is left running. Configuration, journals and logs are in {folder.Root}; remove it when done.");
            return 1;
        }
    }

    private static async Task<int> PlayAsync(DemoOptions options, DemoFolder folder, Report report, IDemoView view, CancellationToken cancellationToken)
    {
        await using var stage = new Stage(folder, options.RemoteSigner, options.Journal);
        var story = new Story(options, stage, new StepRunner(view, report, () => stage.Processes), report);
        await view.RunAsync(() => story.PlayAsync(cancellationToken));
        return story.ChecksMade;
    }

    private static void End(DemoFolder folder, bool keep)
    {
        if (keep)
        {
            Console.WriteLine($"Configuration, keys, journals and logs are in {folder.Root}");
        }
        else
        {
            folder.Delete();
        }
    }
}
