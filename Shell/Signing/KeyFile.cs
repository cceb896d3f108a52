using System.Security.Cryptography;
using System.Text;
using Nitro.Secp256k1;

namespace Nitro.Signing;

/// <summary>
/// A secp256k1 private key on disk: 64 hexadecimal characters, with or without <c>0x</c>, in a file that only its owner can read.
/// A key in an environment variable has the same form.
/// </summary>
public static class KeyFile
{
    /// <summary>The length of a private key in bytes.</summary>
    public const int KeyBytes = 32;

    private const int MostCharacters = 256;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The key's 32 bytes. An absent file is made with a fresh random key, and its folder with it.</summary>
    /// <exception cref="KeyFileException">The file is unreadable, holds no key, or others may read it.</exception>
    public static byte[] LoadOrCreate(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                Create(path);
            }

            return Load(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException(
                $"The key file {path} cannot be used: {e.Message} Make its folder writable and the file readable for the node's user.", e);
        }
    }

    /// <summary>The key in an environment variable's value, or null where it is not set.</summary>
    /// <exception cref="KeyFileException">It is set, but to no key.</exception>
    public static byte[]? FromEnvironment(string variable)
    {
        var text = Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrEmpty(text)
            ? null
            : Parse(text) ?? throw new KeyFileException(
                $"The environment variable {variable} holds no secp256k1 key. Set it to 64 hexadecimal characters, or unset it to use the key file.");
    }

    private static void Create(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var draft = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var file = new FileStream(draft, options))
        {
            file.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(FreshKey()) + "\n"));
            file.Flush(flushToDisk: true);
        }

        try
        {
            // Whole or not at all: a crash leaves a draft behind, never half a key.
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first: its key is the one.
            File.Delete(draft);
        }
    }

    private static byte[] Load(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
        {
            throw new KeyFileException(
                $"The key file {path} is open to other users of this machine, who could spend with it. Run 'chmod 600 {path}'; "
                + "if others may have read it, close the channels and move to a new key.");
        }

        using var file = new StreamReader(path, Encoding.ASCII);
        var text = new char[MostCharacters];
        var length = file.ReadBlock(text);
        return (length < MostCharacters ? Parse(new string(text, 0, length)) : null) ?? throw new KeyFileException(
            $"The key file {path} holds no secp256k1 key: 64 hexadecimal characters are expected. Restore it from a backup; "
            + "delete it only if no channel uses this key, then the next start makes a new one.");
    }

    private static byte[]? Parse(string text)
    {
        var hex = text.AsSpan().Trim();
        hex = hex.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? hex[2..] : hex;
        if (hex.Length != 2 * KeyBytes || hex.ContainsAnyExcept("0123456789abcdefABCDEF"))
        {
            return null;
        }

        var key = Convert.FromHexString(hex);
        return IsKey(key) ? key : null;
    }

    private static byte[] FreshKey()
    {
        while (true)
        {
            var key = RandomNumberGenerator.GetBytes(KeyBytes);
            if (IsKey(key))
            {
                return key;
            }
        }
    }

    private static bool IsKey(ReadOnlySpan<byte> key) => Curve.Default.TryGetAddress(key, stackalloc byte[20]);
}
