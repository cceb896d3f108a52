using System.Diagnostics;

namespace Nitro.Shell.Tests.Cli;

/// <summary><c>nitro demo</c> as a process with a temporary folder of its own.</summary>
internal sealed class DemoRun : IDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _temporary;
    private readonly Task<string> _errors;

    private DemoRun(Process process, DirectoryInfo temporary)
    {
        _process = process;
        _temporary = temporary;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>What the demo left in its temporary folder.</summary>
    public IReadOnlyList<string> Leftovers => [.. _temporary.EnumerateFileSystemInfos("nitro-demo-*").Select(item => item.FullName)];

    /// <summary>Processes that were started with a path in the temporary folder and still run.</summary>
    public IReadOnlyList<string> Survivors =>
        [.. Directory.EnumerateDirectories("/proc").Select(CommandLineOf).Where(line => line.Contains(_temporary.FullName, StringComparison.Ordinal))];

    public static DemoRun Start(params string[] arguments)
    {
        var temporary = Directory.CreateTempSubdirectory("demo-test-");
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "nitro.dll"), "demo", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["TMPDIR"] = temporary.FullName;
        return new DemoRun(Process.Start(start) ?? throw new InvalidOperationException("The demo did not start."), temporary);
    }

    /// <summary>The next line of its output, or null at the end.</summary>
    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken) => await _process.StandardOutput.ReadLineAsync(cancellationToken);

    /// <summary>Sends SIGTERM.</summary>
    public async Task TerminateAsync(CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Waits for its end: exit code, the rest of its output, and its errors.</summary>
    public async Task<(int Code, string Output, string Errors)> EndAsync(CancellationToken cancellationToken)
    {
        var output = await _process.StandardOutput.ReadToEndAsync(cancellationToken);
        await _process.WaitForExitAsync(cancellationToken);
        return (_process.ExitCode, output, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        _temporary.Delete(recursive: true);
    }

    private static string CommandLineOf(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // No process, or one that ended meanwhile.
            return string.Empty;
        }
    }
}
