using System.Diagnostics;
using System.Globalization;
using Nitro.Cli.Signer;

namespace Nitro.Cli.Demo;

/// <summary>A node, or a signer: a process of its own that ends with this one, whatever happens to us.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(15);
    private readonly string _name;
    private readonly Process _process;
    private readonly Task _logging;
    private readonly CancellationTokenSource _gone = new();
    private volatile bool _endExpected;

    private ChildProcess(string name, Process process, string logFile, StreamWriter log)
    {
        _name = name;
        LogFile = logFile;
        _process = process;
        Gone = _gone.Token;
        var gate = new Lock();
        _logging = LogAsync(process, log, gate);
        process.Exited += (_, _) => Ended();
        process.EnableRaisingEvents = true;
    }

    /// <summary>Cancelled when the process ended without being told to.</summary>
    public CancellationToken Gone { get; }

    /// <summary>What it says.</summary>
    public string LogFile { get; }

    /// <summary>The process, for those who measure it.</summary>
    public int Id => _process.Id;

    /// <summary>What it ended with, in words; empty while it runs.</summary>
    public string Ending => _process.HasExited
        ? string.Create(CultureInfo.InvariantCulture, $"the process of {_name} ended by itself with code {_process.ExitCode}: read {LogFile}")
        : string.Empty;

    /// <summary>Starts <c>nitro node --config</c> with its standard error appended to a file.</summary>
    public static ChildProcess StartNode(string name, string config, string logFile)
    {
        var self = Environment.ProcessPath ?? "dotnet";
        var start = new ProcessStartInfo(self) { UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(self).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "nitro.dll"));
        }

        start.ArgumentList.Add("node");
        start.ArgumentList.Add("--config");
        start.ArgumentList.Add(config);
        start.ArgumentList.Add("--end-with-stdin");
        return Start(name, start, logFile);
    }

    /// <summary>Starts <c>nitro-signer</c> with a party's keys and its standard error appended to a file.</summary>
    public static ChildProcess StartSigner(Party party, string node, string dataDirectory, string logFile) => Start(
        $"{party.Name}'s signer",
        SignerProgram.Start(
        [
            "--node", node, "--data-directory", dataDirectory, "--channel-key-file", party.ChannelKeyFile, "--chain-key-file", party.ChainKeyFile,
            "--end-with-stdin",
        ]),
        logFile);

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _endExpected = true;
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Asks it to end and waits; true if it ended by itself with code 0.</summary>
    public async Task<bool> StopAsync()
    {
        _endExpected = true;
        using var limit = new CancellationTokenSource(EndTime);
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode == 0;
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync();
        }

        await _logging;
        _process.Dispose();
        _gone.Dispose();
    }

    private static ChildProcess Start(string name, ProcessStartInfo start, string logFile)
    {
        // Our end of its standard input closes even when we are killed, so that it never outlives the demo.
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var log = new StreamWriter(new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { AutoFlush = true };
        var process = Process.Start(start) ?? throw new CliError($"The process of {name} could not be started from {start.FileName}.");
        return new ChildProcess(name, process, logFile, log);
    }

    private static async Task LogAsync(Process process, StreamWriter log, Lock gate)
    {
        await using (log)
        {
            await Task.WhenAll(CopyAsync(process.StandardOutput, log, gate), CopyAsync(process.StandardError, log, gate));
        }
    }

    private static async Task CopyAsync(StreamReader from, StreamWriter to, Lock gate)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (gate)
            {
                to.WriteLine(line);
            }
        }
    }

    private void Ended()
    {
        if (!_endExpected)
        {
            _gone.Cancel();
        }
    }
}
