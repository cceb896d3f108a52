using System.CommandLine;
using Nitro.Cli;

// Long enough for the demo and a node to stop what they started; a second Ctrl-C does not wait.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) };
return await CommandLine.Create().Parse(args).InvokeAsync(invocation);
