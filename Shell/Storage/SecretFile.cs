using System.Security.Cryptography;
using System.Text;

namespace Nitro.Storage;

/// <summary>A short secret on disk, such as a key: one line of ASCII in a file that only its owner can read.</summary>
public static class SecretFile
{
    private const int MostCharacters = 1024;
    private const int MostBytes = 64 * 1024;

    /// <summary>The file's text without white space at its ends. An absent file is made with a fresh secret, and its folder with it.</summary>
    /// <param name="title">What the file is, as a message begins: "The key file".</param>
    /// <param name="path">Where it is.</param>
    /// <param name="ifSeen">What to do when others may have read it, as a message ends.</param>
    /// <param name="fresh">Makes a secret; called at most once.</param>
    /// <exception cref="StorageException">It cannot be made or read, others may use it, or it is too long. The message never shows the secret.</exception>
    public static string LoadOrCreate(string title, string path, string ifSeen, Func<string> fresh)
    {
        try
        {
            if (!File.Exists(path))
            {
                OwnerOnly.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
                Create(path, fresh());
            }

            if (OwnerOnly.IsOpenToOthers(path))
            {
                throw OpenToOthers(title, path, ifSeen);
            }

            using var file = new StreamReader(path, Encoding.ASCII);
            var text = new char[MostCharacters + 1];
            var length = file.ReadBlock(text);
            return length <= MostCharacters
                ? new string(text, 0, length).Trim()
                : throw new StorageException($"{title} {path} is longer than {MostCharacters} characters, so it is another file. Check the path.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                $"{title} {path} cannot be used: {e.Message.TrimEnd('.')}. Make its folder writable and the file readable for the node's user.", e);
        }
    }

    /// <summary>The bytes of a secret that somebody else wrote.</summary>
    /// <param name="title">As for <see cref="LoadOrCreate"/>.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="ifSeen">As for <see cref="LoadOrCreate"/>.</param>
    /// <exception cref="StorageException">It is absent, cannot be read, others may use it, or it is too long.</exception>
    public static byte[] Read(string title, string path, string ifSeen)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return OwnerOnly.IsOpenToOthers(path) ? throw OpenToOthers(title, path, ifSeen)
                : length <= MostBytes ? File.ReadAllBytes(path)
                : throw new StorageException($"{title} {path} is longer than {MostBytes} bytes, so it is another file. Check the path.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{title} {path} cannot be read: {e.Message.TrimEnd('.')}. Check the path, and make it readable for this user.", e);
        }
    }

    private static StorageException OpenToOthers(string title, string path, string ifSeen) =>
        new($"{title} {path} is open to other users of this machine. Run 'chmod 600 {path}'; if others may have read it, {ifSeen}");

    private static void Create(string path, string secret)
    {
        var draft = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}.tmp";
        using (var file = OwnerOnly.CreateFile(draft))
        {
            file.Write(Encoding.ASCII.GetBytes(secret + "\n"));
            file.Flush(flushToDisk: true);
        }

        try
        {
            // Whole or not at all: a crash leaves a draft behind, never half a secret.
            DurableMove.Move(draft, path);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first: its secret is the one.
            File.Delete(draft);
        }
    }
}
