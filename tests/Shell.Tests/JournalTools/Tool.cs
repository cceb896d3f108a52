using System.CommandLine;
using Nitro.Cli;
using Xunit;

namespace Nitro.Shell.Tests.JournalTools;

/// <summary>What <c>nitro journal ...</c> said, and its exit code.</summary>
internal sealed record Tool(int Code, string Output, string Error)
{
    /// <summary>Runs <c>nitro journal ...</c> in this process.</summary>
    public static Task<Tool> RunAsync(params string[] arguments) => CommandAsync(["journal", .. arguments]);

    /// <summary>Runs a command in this process.</summary>
    public static async Task<Tool> CommandAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await CommandLine.Create().Parse(arguments).InvokeAsync(
            new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        return new Tool(code, output.ToString(), error.ToString());
    }

    /// <summary>The same for one that must succeed; what it said.</summary>
    public static async Task<string> DoneAsync(params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.True(run is { Code: 0, Error: "" }, $"{string.Join(' ', arguments)}: {run.Code} {run.Error}{run.Output}");
        return run.Output;
    }

    /// <summary>The same for one that must not; why not.</summary>
    public static async Task<string> RefusedAsync(params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.True(run.Code == 1 && run.Error.StartsWith("nitro: ", StringComparison.Ordinal), $"{string.Join(' ', arguments)}: {run.Code} {run.Error}{run.Output}");
        return run.Error;
    }
}
