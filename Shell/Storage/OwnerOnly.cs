namespace Nitro.Storage;

/// <summary>Files and folders that only their owner may look into: what a node knows is nobody else's business.</summary>
public static class OwnerOnly
{
    private const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Makes the folder where it is missing. One that exists keeps the permissions its operator gave it.</summary>
    /// <exception cref="StorageException">It cannot be made.</exception>
    public static void CreateFolder(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, ReadWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"The folder {path} cannot be made: {e.Message.TrimEnd('.')}. Name one that this user may write to.", e);
        }
    }

    /// <summary>Makes a file that is not there yet.</summary>
    /// <exception cref="IOException">It is there, or cannot be made; so is <see cref="UnauthorizedAccessException"/>.</exception>
    internal static FileStream CreateFile(string path) => Open(path, FileMode.CreateNew);

    /// <summary>Opens a file for this opener alone, and makes it where it is missing. One that exists keeps its permissions too.</summary>
    /// <exception cref="IOException">As of a <see cref="FileStream"/>; so is <see cref="UnauthorizedAccessException"/>.</exception>
    internal static FileStream OpenFile(string path) => Open(path, FileMode.OpenOrCreate);

    /// <summary>Makes a file for this opener alone, in the place of one that may be there.</summary>
    /// <exception cref="IOException">As of a <see cref="FileStream"/>; so is <see cref="UnauthorizedAccessException"/>.</exception>
    public static FileStream ReplaceFile(string path)
    {
        File.Delete(path);
        return Open(path, FileMode.CreateNew);
    }

    /// <summary>Whether the file's permissions let other users of the machine do anything with it.</summary>
    internal static bool IsOpenToOthers(string path) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0;

    private static FileStream Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = ReadWrite;
        }

        return new FileStream(path, options);
    }
}
