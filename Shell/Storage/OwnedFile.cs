namespace Nitro.Storage;

/// <summary>A small file that only its owner can read, replaced as a whole: a crash leaves the old one or the new one.</summary>
public static class OwnedFile
{
    private const int MostBytes = 1024 * 1024;

    /// <summary>Its bytes; null where there is none.</summary>
    /// <exception cref="StorageException">It cannot be read, or is another file.</exception>
    public static byte[]? TryRead(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return !file.Exists ? null
                : file.Length <= MostBytes ? File.ReadAllBytes(path)
                : throw new StorageException($"{path} is longer than {MostBytes} bytes, so it is another file. Check the path.");
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{path} cannot be read: {e.Message.TrimEnd('.')}. Make it readable for this user.", e);
        }
    }

    /// <summary>Durable when it returns. The folder is made where it is missing.</summary>
    /// <param name="title">What the file is, as a message begins: "The pairing".</param>
    /// <param name="path">Where it is.</param>
    /// <param name="content">All of it.</param>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static void Write(string title, string path, ReadOnlySpan<byte> content)
    {
        OwnerOnly.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var draft = $"{path}.{Guid.NewGuid():n}.tmp";
        try
        {
            using (var file = OwnerOnly.CreateFile(draft))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            DurableMove.Move(draft, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{title} {path} cannot be written: {e.Message.TrimEnd('.')}. Make its folder writable for this user.", e);
        }
    }
}
