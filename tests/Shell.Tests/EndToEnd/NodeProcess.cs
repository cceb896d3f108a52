using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>The <c>nitro</c> program as a process of its own; what it writes is kept, stdout and stderr apart.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private const int NoSuchProcess = 3;
    private readonly Process _process;
    private readonly StringBuilder _error = new();
    private readonly MemoryStream _output = new();
    private readonly Task _reading;

    private NodeProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadErrorAsync(), ReadOutputAsync());
    }

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    /// <summary>Its standard input.</summary>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <summary>All it wrote to standard error so far.</summary>
    public string Error
    {
        get
        {
            lock (_error)
            {
                return _error.ToString();
            }
        }
    }

    /// <summary>All it wrote to standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return Encoding.UTF8.GetString(_output.ToArray());
            }
        }
    }

    /// <summary>It ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Starts <c>nitro</c>, or another program beside it, with these arguments.</summary>
    public static NodeProcess Start(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string program = "nitro")
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, program + ".dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new NodeProcess(Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started."));
    }

    /// <summary>Its exit code, once it has ended and everything it said was read.</summary>
    public async Task<int> EndAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        await _reading.WaitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await EndAsync(cancellationToken);
    }

    /// <summary>SIGINT (2), SIGKILL (9) or SIGTERM (15); nothing where it has ended by itself.</summary>
    public void Signal(int signal)
    {
        if (Kill(_process.Id, signal) != 0 && Marshal.GetLastPInvokeError() != NoSuchProcess)
        {
            throw new InvalidOperationException($"kill: error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await EndAsync(CancellationToken.None);
        _process.Dispose();
        await _output.DisposeAsync();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int process, int signal);

    private async Task ReadErrorAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_error)
            {
                _error.AppendLine(line);
            }
        }
    }

    private async Task ReadOutputAsync()
    {
        var buffer = new byte[4096];
        while (await _process.StandardOutput.BaseStream.ReadAsync(buffer) is > 0 and var read)
        {
            lock (_output)
            {
                _output.Write(buffer, 0, read);
            }
        }
    }
}
