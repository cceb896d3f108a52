using System.Net.Sockets;

namespace Nitro.Grpc;

/// <summary>The file of a Unix socket: a killed process leaves it behind, and nobody could listen there again.</summary>
internal static class SocketFile
{
    /// <summary>Removes the file if it is empty, as a socket is, and nobody answers there.</summary>
    /// <exception cref="GrpcSetupException">Somebody answers, or the file is something else.</exception>
    public static async Task ClearAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && new FileInfo(path).Length == 0)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e)
        {
            throw new GrpcSetupException($"The gRPC server cannot listen on {path}: {e.Message} Move the file away, or configure another.", e);
        }

        throw new GrpcSetupException($"The gRPC server cannot listen on {path}: another process does. Stop it, or configure another.");
    }

    public static void Guard(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
