using System.Security.Cryptography;
using Nitro.Secp256k1;
using Nitro.Storage;

namespace Nitro.Signing;

/// <summary>
/// A secp256k1 private key on disk: 64 hexadecimal characters, with or without <c>0x</c>, in a file that only its owner can read.
/// A key in an environment variable has the same form.
/// </summary>
public static class KeyFile
{
    /// <summary>The length of a private key in bytes.</summary>
    public const int KeyBytes = 32;

    /// <summary>The key's 32 bytes. An absent file is made with a fresh random key, and its folder with it.</summary>
    /// <exception cref="KeyFileException">The file is unreadable, holds no key, or others may read it.</exception>
    public static byte[] LoadOrCreate(string path)
    {
        string text;
        try
        {
            text = SecretFile.LoadOrCreate(
                "The key file", path, "close the channels and move to a new key.", () => Convert.ToHexStringLower(Fresh()));
        }
        catch (StorageException e)
        {
            throw new KeyFileException(e.Message, e);
        }

        return Parse(text) ?? throw new KeyFileException(
            $"The key file {path} holds no secp256k1 key: 64 hexadecimal characters are expected. Restore it from a backup; "
            + "delete it only if no channel uses this key, then the next start makes a new one.");
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

    /// <summary>A key from fresh randomness.</summary>
    private static byte[] Fresh()
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

    private static bool IsKey(ReadOnlySpan<byte> key) => Curve.Default.TryGetAddress(key, stackalloc byte[20]);
}
