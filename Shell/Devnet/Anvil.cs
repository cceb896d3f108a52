using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Nitro.Devnet;

/// <summary>An anvil process: a real EVM chain on a port of this machine. It ends with this object, and with this process.</summary>
public sealed partial class Anvil : IAsyncDisposable
{
    private const int MostOutput = 4_000;

    /// <summary>
    /// The shell between us and anvil: when our end of its standard input closes, even because we were killed, it ends anvil.
    /// (PR_SET_PDEATHSIG would not do: it fires when the thread that started the child ends.)
    /// </summary>
    private const string Guard =
        """
        exec 3<&0
        "$0" "$@" </dev/null 3<&- & child=$!
        ( cat <&3 >/dev/null; kill "$child"; sleep 3; kill -9 "$child" ) 3<&3 >/dev/null 2>&1 & guard=$!
        exec 3<&-
        wait "$child"; code=$?
        kill "$guard" 2>/dev/null
        exit "$code"
        """;

    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Anvil(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Heard(line.Data);
        process.ErrorDataReceived += (_, line) => Heard(line.Data);
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; private set; }

    /// <summary>JSON-RPC over http.</summary>
    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <summary>JSON-RPC over ws.</summary>
    public Uri WsUrl => new($"ws://127.0.0.1:{Port}");

    /// <summary>Starts anvil and returns when it answers.</summary>
    /// <exception cref="DevnetException">The binary is missing, or it ended at once; the message carries its words.</exception>
    public static async Task<Anvil> StartAsync(AnvilOptions options, CancellationToken cancellationToken)
    {
        var binary = Binary(options.DevnetFolder);
        var start = new ProcessStartInfo { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (OperatingSystem.IsWindows())
        {
            start.FileName = binary;
        }
        else
        {
            start.FileName = "/bin/sh";
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(Guard);
            start.ArgumentList.Add(binary);
        }

        foreach (var argument in Arguments(options))
        {
            start.ArgumentList.Add(argument);
        }

        var anvil = new Anvil(new Process { StartInfo = start, EnableRaisingEvents = true });
        try
        {
            await anvil.WaitUntilListeningAsync(options.StartTimeout, cancellationToken).ConfigureAwait(false);
            return anvil;
        }
        catch
        {
            await anvil.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends anvil; a state file is written first.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            if (OperatingSystem.IsWindows())
            {
                _process.Kill(entireProcessTree: true);
            }

            using var limit = new CancellationTokenSource(EndTimeout);
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It never started, so there is nothing to end.
        }

        _process.Dispose();
    }

    private static string Binary(string devnetFolder)
    {
        var system = OperatingSystem.IsWindows() ? "win32" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var processor = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";
        var file = OperatingSystem.IsWindows() ? "anvil.exe" : "anvil";
        var binary = Path.GetFullPath(Path.Combine(devnetFolder, "node_modules", "@foundry-rs", $"anvil-{system}-{processor}", "bin", file));
        return File.Exists(binary)
            ? binary
            : throw new DevnetException($"There is no anvil at {binary}: run 'npm ci' in {Path.GetFullPath(devnetFolder)} first.");
    }

    private static IEnumerable<string> Arguments(AnvilOptions options)
    {
        yield return "--host=127.0.0.1";
        yield return $"--port={options.Port}";
        yield return $"--chain-id={options.ChainId}";
        if (options.BlockTime is { } blockTime)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"--block-time={blockTime.TotalSeconds:0.###}");
        }
        else if (options.NoMining)
        {
            yield return "--no-mining";
        }

        if (options.Hardfork is { } hardfork)
        {
            yield return $"--hardfork={hardfork}";
        }

        if (options.TimestampSeconds is { } timestamp)
        {
            yield return $"--timestamp={timestamp}";
        }

        if (options.StateFile is { } state)
        {
            yield return $"--state={state}";
        }
    }

    [GeneratedRegex(@"Listening on 127\.0\.0\.1:(\d+)")]
    private static partial Regex Listening();

    private async Task WaitUntilListeningAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        _process.Exited += (_, _) => _port.TrySetException(new DevnetException($"anvil ended at once: {Said()}"));
        try
        {
            _process.Start();
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            throw new DevnetException($"anvil cannot be started: {problem.Message}", problem);
        }

        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            Port = await _port.Task.WaitAsync(atMost, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new DevnetException($"anvil did not listen within {atMost.TotalSeconds:0} s: {Said()}");
        }
    }

    /// <summary>Its output is always read, or a full pipe would stop it; only the end is kept, for messages.</summary>
    private void Heard(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
            if (_output.Length > MostOutput)
            {
                _output.Remove(0, _output.Length - MostOutput);
            }
        }

        if (Listening().Match(line) is { Success: true } match)
        {
            _port.TrySetResult(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
        }
    }

    private string Said()
    {
        lock (_output)
        {
            return _output.ToString().Trim();
        }
    }
}
