using System.ComponentModel;
using System.Diagnostics;

namespace Nitro.Devnet;

/// <summary>Brings a devnet folder's node_modules up to its lock file.</summary>
public static class NpmInstall
{
    private const int MostOutput = 2_000;

    /// <summary>Runs <c>npm ci</c> where node_modules is missing or older than package-lock.json. True if it ran.</summary>
    /// <exception cref="DevnetException">npm is missing or failed, or the folder has no lock file.</exception>
    public static async Task<bool> EnsureAsync(string devnetFolder, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(devnetFolder);
        var lockFile = Path.Combine(folder, "package-lock.json");
        if (!File.Exists(lockFile))
        {
            throw new DevnetException($"There is no {lockFile}: give the devnet folder of the repository (tests/devnet).");
        }

        // npm writes this file last, so an install that broke off half-way has none.
        var installed = Path.Combine(folder, "node_modules", ".package-lock.json");
        if (File.Exists(installed) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(lockFile))
        {
            return false;
        }

        await RunAsync(folder, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static async Task RunAsync(string folder, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var npm = new Process { StartInfo = start };
        try
        {
            npm.Start();
        }
        catch (Win32Exception problem)
        {
            throw new DevnetException("npm is not installed or not on the PATH: install Node.js 18 or later, which brings it.", problem);
        }

        var output = npm.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = npm.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await npm.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            npm.Kill(entireProcessTree: true);
            throw;
        }

        var said = (await errors.ConfigureAwait(false) + await output.ConfigureAwait(false)).Trim();
        if (npm.ExitCode != 0)
        {
            var end = said.Length > MostOutput ? said[..MostOutput] : said;
            throw new DevnetException($"'npm ci' in {folder} ended with code {npm.ExitCode}: {end}");
        }
    }
}
