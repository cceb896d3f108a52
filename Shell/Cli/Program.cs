using System.CommandLine;
using Nitro.Cli;

// Long enough for the demo and a node to stop what they started; a second Ctrl-C does not wait.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20), EnableDefaultExceptionHandler = false };
try
{
    return await CommandLine.Create().Parse(args).InvokeAsync(invocation);
}
catch (OperationCanceledException)
{
    return 1; // Ctrl-C: whoever gave it knows.
}
catch (IOException e)
{
    // Files that a command works on are its own to tell of; what is left is where it tells.
    await Console.Error.WriteLineAsync($"nitro: what was to be said could not be written: {e.Message.TrimEnd('.')}. Is the disk full that the output goes to?");
    return 1;
}
