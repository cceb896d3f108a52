using System.Security.Cryptography;
using System.Text;

namespace Nitro.JsonRpc;

/// <summary>
/// The token key on disk, beside the journal: 64 hexadecimal characters (32 random bytes), readable by its owner only. Its text is also
/// the secret that callers from other machines show to get a token.
/// </summary>
public static class TokenKeyFile
{
    internal const int KeyBytes = 32;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The key's 32 bytes; an absent file is made with a fresh random key.</summary>
    /// <exception cref="RpcSetupException">The file is unreadable, malformed or open to others.</exception>
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
            throw new RpcSetupException(
                $"The token key file {path} cannot be used: {e.Message} Make its folder writable and the file readable for "
                + "the node's user.",
                e);
        }
    }

    private static void Create(string path)
    {
        string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n";
        string draft = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var file = new FileStream(draft, options))
        {
            file.Write(Encoding.ASCII.GetBytes(key));
            file.Flush(flushToDisk: true);
        }

        try
        {
            // Whole or not at all: a crash leaves a draft behind, never half a key.
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft); // another process of this node was first; its key is as good
        }
    }

    private static byte[] Load(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
        {
            throw new RpcSetupException(
                $"The token key file {path} is open to other users, who could pay with it. Run 'chmod 600 {path}'; if others may have "
                + "read it, delete it instead: the next start makes a new key, and clients get new tokens by themselves.");
        }

        using var file = new StreamReader(path, Encoding.ASCII);
        var text = new char[256];
        string hex = new string(text, 0, file.ReadBlock(text)).Trim();
        if (hex.Length != 2 * KeyBytes || !hex.All(char.IsAsciiHexDigit))
        {
            throw new RpcSetupException(
                $"The token key file {path} does not hold {2 * KeyBytes} hexadecimal characters. Delete it: the next start makes "
                + "a new key.");
        }

        return Convert.FromHexString(hex);
    }
}
