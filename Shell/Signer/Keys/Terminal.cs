using System.Diagnostics;
using System.Security.Cryptography;

namespace Nitro.Signer.Keys;

/// <summary>The terminal that this process was started in, whatever its standard streams are.</summary>
internal sealed class Terminal : IDisposable
{
    private const string Device = "/dev/tty";
    private readonly FileStream _stream;

    private Terminal(FileStream stream) => _stream = stream;

    /// <summary>Null where there is none.</summary>
    public static Terminal? TryOpen()
    {
        try
        {
            return new Terminal(new FileStream(Device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Asks for one line that is not shown while it is typed; the caller clears it.</summary>
    /// <exception cref="OperationCanceledException">The program is to end.</exception>
    public async Task<byte[]> AskHiddenAsync(string question, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(question), cancellationToken);
        await EchoAsync("-echo");
        try
        {
            // The read cannot be called off; the program ends without it.
            return await Task.Run(() => ReadLine(_stream), CancellationToken.None).WaitAsync(cancellationToken);
        }
        finally
        {
            await EchoAsync("echo");
            await _stream.WriteAsync("\n"u8.ToArray(), CancellationToken.None);
        }
    }

    /// <summary>One line without its end, from unbuffered bytes: no copy stays in a reader.</summary>
    public static byte[] ReadLine(Stream stream)
    {
        Span<byte> line = stackalloc byte[1024];
        var length = 0;
        while (length < line.Length && stream.Read(line.Slice(length, 1)) == 1 && line[length] != (byte)'\n')
        {
            length++;
        }

        var text = line[..length].TrimEnd((byte)'\r').ToArray();
        CryptographicOperations.ZeroMemory(line);
        return text;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static async Task EchoAsync(string mode)
    {
        using var stty = Process.Start("/bin/sh", ["-c", $"stty {mode} < {Device}"]);
        await stty.WaitForExitAsync(CancellationToken.None);
    }
}
