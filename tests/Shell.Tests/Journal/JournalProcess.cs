using System.Diagnostics;
using System.Globalization;

namespace Nitro.Shell.Tests.Journal;

/// <summary>A child process that appends for ever (tests/Shell.Tests.Worker), to be killed.</summary>
internal sealed class JournalProcess : IDisposable
{
    private readonly Process process;

    private JournalProcess(Process process) => this.process = process;

    /// <summary>The head after the last append that the child saw acknowledged.</summary>
    internal long Acknowledged { get; private set; }

    internal static JournalProcess Start(string path, string owner, int seed, string work = "journal-append")
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Nitro.Shell.Tests.Worker.dll"));
        foreach (var argument in new[] { work, path, owner, seed.ToString(CultureInfo.InvariantCulture) })
        {
            start.ArgumentList.Add(argument);
        }

        return new JournalProcess(Process.Start(start)!);
    }

    /// <summary>Follows the child's lines until so many appends were acknowledged.</summary>
    internal async Task ReadUntilAsync(int acknowledgements)
    {
        for (var seen = 0; seen < acknowledgements;)
        {
            var line = await process.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException("The child ended: " + await process.StandardError.ReadToEndAsync());
            seen += Take(line) ? 1 : 0;
        }
    }

    /// <summary>SIGKILL, then whatever the child had still said.</summary>
    internal async Task KillAsync()
    {
        process.Kill();
        var rest = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var whole = rest.LastIndexOf('\n');
        foreach (var line in whole < 0 ? [] : rest[..whole].Split('\n'))
        {
            Take(line);
        }
    }

    internal async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    private bool Take(string line)
    {
        if (!line.StartsWith("Appended ", StringComparison.Ordinal))
        {
            return false;
        }

        Acknowledged = long.Parse(line.AsSpan("Appended ".Length), CultureInfo.InvariantCulture);
        return true;
    }
}
