namespace Nitro.Storage;

/// <summary>
/// An exclusive lock of the system on a file, which ends with the process however it ends. The file itself stays: deleting it
/// would let two processes hold "the" lock.
/// </summary>
public sealed class FileLock : IDisposable
{
    // EAGAIN on Linux, EAGAIN on macOS, ERROR_SHARING_VIOLATION on Windows.
    private static readonly int[] HeldErrors = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream file;

    private FileLock(FileStream file) => this.file = file;

    /// <summary>The lock, or null while another holder lives. The file is made where it is missing, and its folder with it.</summary>
    /// <exception cref="StorageException">The file cannot be made or opened.</exception>
    public static FileLock? TryTake(string path)
    {
        OwnerOnly.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        try
        {
            return new FileLock(OwnerOnly.OpenFile(path));
        }
        catch (IOException e) when (HeldErrors.Contains(e.HResult))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                $"The lock file {path} cannot be opened: {e.Message.TrimEnd('.')}. Check that this user may write to it and its folder.", e);
        }
    }

    /// <summary>Lets the next holder in.</summary>
    public void Dispose() => file.Dispose();
}
