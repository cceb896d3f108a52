using System.Security.Cryptography;
using Nitro.Signing;
using Nitro.Storage;

namespace Nitro.Signer.Keys;

/// <summary>A signer's folder of encrypted keys, one file a role: all are made together, under one passphrase.</summary>
internal static class Keystore
{
    private const string Title = "The key file";

    /// <summary>Where a role's key is.</summary>
    public static string PathOf(string folder, KeyRole role) => Path.Combine(folder, $"{role.ToString().ToLowerInvariant()}.json");

    /// <summary>Keys were made there.</summary>
    public static bool Exists(string folder) => Directory.Exists(folder);

    /// <summary>Makes the folder with all keys, whole or not at all.</summary>
    /// <exception cref="SignerSetupException">There are keys already: they are never overwritten.</exception>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static void Create(string folder, Web3Secret secret, IReadOnlyDictionary<KeyRole, byte[]> keys)
    {
        Refuse(folder);
        OwnerOnly.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(folder))!);
        var draft = $"{Path.GetFullPath(folder)}.{Guid.NewGuid():n}.tmp";
        foreach (var (role, key) in keys)
        {
            var path = PathOf(draft, role);
            OwnedFile.Write(Title, path, secret.Seal(key).Write());
            CryptographicOperations.ZeroMemory(Open(draft, role, secret));
        }

        try
        {
            Directory.Move(draft, folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"The folder of keys {folder} cannot be made: {e.Message.TrimEnd('.')}. Make its parent writable for this user.", e);
        }
    }

    /// <exception cref="SignerSetupException">There are keys already.</exception>
    public static void Refuse(string folder)
    {
        if (Exists(folder))
        {
            throw new SignerSetupException($"{folder} has keys already, and keys are never overwritten. Move that folder away, or name another --data-directory.");
        }
    }

    /// <summary>A key's 32 bytes; the caller clears them.</summary>
    /// <exception cref="KeyFileException">Wrong passphrase, or damaged: the message says which.</exception>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public static byte[] Open(string folder, KeyRole role, Web3Secret secret) => secret.Open(Read(folder, role), PathOf(folder, role));

    /// <summary>A key's address as its file says it, 0x and 40 digits; it is compared with the key whenever that is opened.</summary>
    /// <exception cref="KeyFileException">Damaged.</exception>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public static string AddressOf(string folder, KeyRole role) => $"0x{Read(folder, role).Address}";

    private static Web3File Read(string folder, KeyRole role)
    {
        var path = PathOf(folder, role);
        return Web3File.Read(SecretFile.Read(Title, path, "close the channels and move to new keys, unless the passphrase is a strong one."), path);
    }
}
