namespace Nitro.Host;

/// <summary>Folders that only their owner may look into: what a node knows is nobody else's business.</summary>
internal static class Folders
{
    /// <summary>Makes the folder where it is missing. One that exists keeps the permissions its operator gave it.</summary>
    internal static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
