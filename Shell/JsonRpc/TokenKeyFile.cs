using System.Security.Cryptography;
using Nitro.Storage;

namespace Nitro.JsonRpc;

/// <summary>
/// The token key on disk, beside the journal: 64 hexadecimal characters (32 random bytes), readable by its owner only. Its text is also
/// the secret that callers from other machines show to get a token.
/// </summary>
public static class TokenKeyFile
{
    internal const int KeyBytes = 32;

    /// <summary>The key's 32 bytes; an absent file is made with a fresh random key.</summary>
    /// <exception cref="RpcSetupException">The file is unreadable, malformed or open to others.</exception>
    public static byte[] LoadOrCreate(string path)
    {
        string hex = Text(path);
        return hex.Length == 2 * KeyBytes && hex.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(hex)
            : throw new RpcSetupException(
                $"The token key file {path} does not hold {2 * KeyBytes} hexadecimal characters. Delete it: the next start makes a new key.");
    }

    private static string Text(string path)
    {
        try
        {
            return SecretFile.LoadOrCreate(
                "The token key file",
                path,
                "delete it instead: the next start makes a new key, and clients get new tokens by themselves.",
                () => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)));
        }
        catch (StorageException e)
        {
            throw new RpcSetupException(e.Message, e);
        }
    }
}
