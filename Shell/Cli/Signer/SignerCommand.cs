using System.CommandLine;
using System.Diagnostics;

namespace Nitro.Cli.Signer;

/// <summary><c>nitro signer</c>: runs <c>nitro-signer</c>, which has its own flags, as a process of its own.</summary>
internal static class SignerCommand
{
    /// <summary>The command; what follows it is the program's.</summary>
    public static Command Create()
    {
        var arguments = new Argument<string[]>("flags")
        {
            Description = "What nitro-signer takes; 'nitro signer -- --help' lists it",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var signer = new Command("signer", "Run a signer: it holds the keys, attaches to nodes and signs what they ask for")
        {
            arguments,
        };
        signer.TreatUnmatchedTokensAsErrors = false;
        signer.SetAction((parse, cancellationToken) => RunAsync([.. parse.GetValue(arguments) ?? [], .. parse.UnmatchedTokens], cancellationToken));
        return signer;
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var start = SignerProgram.Start(["--end-with-stdin", .. arguments]);

        // Our end of its standard input closes even when we are killed, so that it never outlives this command.
        start.RedirectStandardInput = true;
        using var process = Process.Start(start) ?? throw new CliError("nitro-signer cannot be started.");
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Its input ends, and with it the signer, as soon as what is in hand is answered.
            process.StandardInput.Close();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        return process.ExitCode;
    }
}
