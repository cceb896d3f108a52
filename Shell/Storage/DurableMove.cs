using System.Runtime.InteropServices;

namespace Nitro.Storage;

/// <summary>Gives a file its name for good: after a loss of power it has it still. A rename alone may be undone by one, long after it was told as done.</summary>
public static class DurableMove
{
    private const int InvalidArgument = 22;

    /// <summary>Renames within one folder; the content has to be durable already.</summary>
    /// <exception cref="IOException">It cannot be renamed, or its folder cannot be written; so is <see cref="UnauthorizedAccessException"/>.</exception>
    public static void Move(string from, string to, bool overwrite = false)
    {
        File.Move(from, to, overwrite);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    /// <summary>Writes a folder's names down. Where a folder cannot be opened or synced at all (Windows, some network shares) the file system has its own way.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    private static void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = Open(path, 0);
        if (folder < 0)
        {
            return;
        }

        try
        {
            if (Sync(folder) != 0 && Marshal.GetLastPInvokeError() is not InvalidArgument and var error)
            {
                throw new IOException($"The folder {path} cannot be written to its disk: {Marshal.GetPInvokeErrorMessage(error)}.");
            }
        }
        finally
        {
            _ = Close(folder);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
